"use strict";
(() => {
  const everyOf = (root, selector) => Array.from(root.querySelectorAll(selector));

  // ---- sorting: a button in each heading, the order in aria-sort

  const valueOf = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.sort ?? cell.textContent.trim();
  };

  const compared = (first, second) => {
    const numbers = [Number(first === "inf" ? Infinity : first), Number(second === "inf" ? Infinity : second)];
    if (first !== "" && second !== "" && !numbers.some(Number.isNaN)) {
      return numbers[0] === numbers[1] ? 0 : numbers[0] - numbers[1];
    }
    return first.localeCompare(second, "en", { numeric: true });
  };

  const sortBy = (table, heading) => {
    const rises = heading.getAttribute("aria-sort") !== "ascending";
    for (const other of table.tHead.rows[0].cells) other.setAttribute("aria-sort", "none");
    heading.setAttribute("aria-sort", rises ? "ascending" : "descending");
    const body = table.tBodies[0];
    const rows = Array.from(body.rows, (row) => [valueOf(row, heading.cellIndex), row]);
    rows.sort((one, other) => (rises ? 1 : -1) * compared(one[0], other[0]));
    body.append(...rows.map((pair) => pair[1]));
  };

  for (const table of everyOf(document, "table.data")) {
    for (const heading of table.tHead.rows[0].cells) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      heading.append(button);
      heading.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => sortBy(table, heading));
    }
  }

  // ---- filtering: every word must stand in a row

  for (const filter of everyOf(document, ".filter")) {
    const rows = Array.from(filter.nextElementSibling.querySelector("table").tBodies[0].rows);
    const texts = new Map();
    const textOf = (row) => {
      if (!texts.has(row)) {
        const cells = Array.from(row.cells, (cell) => (cell.querySelector("summary") ?? cell).textContent);
        texts.set(row, cells.join(" ").toLowerCase());
      }
      return texts.get(row);
    };
    const input = filter.querySelector("input");
    const count = filter.querySelector("output");
    input.addEventListener("input", () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const row of rows) {
        const text = textOf(row);
        row.hidden = !words.every((word) => text.includes(word));
        if (!row.hidden) shown += 1;
      }
      count.textContent = words.length ? `${shown} of ${rows.length} rows` : "";
    });
    filter.hidden = rows.length < 2;
  }

  // ---- the entries of the matrix, in a dialog in place of the cell

  const dialog = document.querySelector("dialog");
  for (const entry of everyOf(document, "details.entry")) {
    const summary = entry.querySelector("summary");
    summary.setAttribute("aria-haspopup", "dialog");
    summary.addEventListener("click", (event) => {
      event.preventDefault();
      const content = entry.querySelector(".content");
      dialog.querySelector("h2").textContent = content.querySelector(".title").textContent;
      dialog.querySelector(".body").replaceChildren(...Array.from(content.cloneNode(true).childNodes));
      dialog.showModal();
    });
  }

  // ---- the figures: drawn anew where they come into view, as many parts in a row as fit

  const draw = async (chart) => {
    const text = document.getElementById(chart.dataset.spec).textContent;
    const specification = JSON.parse(text);
    const part = (specification.spec?.width ?? specification.spec?.layer?.[0]?.width ?? 200) + 80;
    if (specification.columns) {
      specification.columns = Math.max(1, Math.floor((chart.clientWidth - 60) / part));
    }
    const place = document.createElement("div");
    chart.append(place);
    const options = { actions: false, renderer: "svg", ast: true, loader: { baseURL: "about:blank" } };
    try {
      await window.vegaEmbed(place, specification, options);
      chart.querySelector(".static").remove();
      chart.dataset.drawn = "yes";
    } catch (error) {
      place.remove();
      throw error;
    }
  };

  const charts = everyOf(document, "[data-spec]");
  if (window.vegaEmbed && "IntersectionObserver" in window) {
    const observer = new IntersectionObserver((sightings) => {
      for (const sighting of sightings) {
        if (!sighting.isIntersecting) continue;
        observer.unobserve(sighting.target);
        draw(sighting.target);
      }
    }, { rootMargin: "300px" });
    charts.forEach((chart) => observer.observe(chart));
  }
})();

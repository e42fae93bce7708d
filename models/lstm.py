"""The loss of a recurrent network of LSTM layers that reads a text.

Formula: of each layer the gates are (input, hidden, input, hidden) * weights + biases, entry by
entry; f, i, o = sigmoid and g = tanh of their quarters; cell = f cell + i g, hidden = o tanh(cell).
The prediction is the last hidden state scaled and shifted, and the loss the mean of -target
(prediction - log(2 + sum exp(prediction))).

Source: ADBench's and gradbench's `lstm`, whose weights are diagonal and whose softmax has a 2 in
its sum. It came into ADBench after its paper.

Sizes: L layers and c characters of b bits; gradbench has L of 2, 4, 6 and c from 1024 to 8192.

Published cost ratio, gradient / value, geometric mean over sizes (gradbench, nightly of
2026-03-14): 8.45 by hand in C++, 2.68 PyTorch.
"""

from adbench.cases import Model


def layer(xp, weights, biases, hidden, cell, inputs):
    """Return the next hidden state and cell, of shape (b,); weights, biases: shape (4 b,)."""
    gates = xp.concat((inputs, hidden, inputs, hidden)) * weights + biases
    forget, ingoing, outgoing, change = xp.unstack(xp.reshape(gates, (4, -1)))
    cell = cell * xp.special.expit(forget) + xp.special.expit(ingoing) * xp.tanh(change)
    return xp.special.expit(outgoing) * xp.tanh(cell), cell


def loss(xp, params, state, sequence):
    """Return the mean loss of predicting each character by those before it, of shape ().

    params: "main" of shape (2 L, 4 b), weights and biases in turn, and "extra" of shape (3, b);
    state: shape (2 L, b), hidden states and cells in turn; sequence: shape (c, b).
    """
    main, extra = params["main"], params["extra"]
    layers = range(0, main.shape[0], 2)

    def read(states, characters):
        inputs, targets = characters
        outputs = inputs * extra[0, :]
        following = []
        for i, (hidden, cell) in zip(layers, states, strict=True):
            weights, biases = main[i, :], main[i + 1, :]
            outputs, cell = layer(xp, weights, biases, hidden, cell, outputs)
            following.append((outputs, cell))
        predictions = outputs * extra[1, :] + extra[2, :]
        normalised = predictions - xp.log(2.0 + xp.sum(xp.exp(predictions)))
        return tuple(following), xp.sum(targets * normalised)

    states = tuple((state[i, :], state[i + 1, :]) for i in layers)
    _, totals = xp.scan(read, states, (sequence[:-1, :], sequence[1:, :]))
    return -xp.sum(totals) / ((sequence.shape[0] - 1) * sequence.shape[1])


def make(size, rng):
    """Draw parameters and states uniform between 0 and 1, and bits."""
    L, b = size["L"], size["b"]
    params = {"main": rng.uniform(size=(2 * L, 4 * b)), "extra": rng.uniform(size=(3, b))}
    text = rng.integers(0, 2, (size["c"], b)).astype(float)
    return params, rng.uniform(size=(2 * L, b)), text


model = Model(
    name="lstm",
    function=loss,
    make=make,
    sizes={
        "L=1,c=4,b=2": {"L": 1, "c": 4, "b": 2},
        "L=2,c=64,b=14": {"L": 2, "c": 64, "b": 14},
        "L=2,c=1024,b=14": {"L": 2, "c": 1024, "b": 14},
    },
    group="ADBench",
    by_default=False,
    summary="LSTM with diagonal weights over a text, in a loop; by all weights and biases",
)

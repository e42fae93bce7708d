"""The distances of points of a depth image from a hand that is posed and skinned.

Formula: each bone's transformation is its parent's times its rest pose times Rz(spread) Rx(bend); a
vertex is sum_b weight_vb A_b B_b^-1 v over the bones, then turned about the axis r by |r|, and
moved. `hand_tracking` gives point - vertex for the vertex that belongs to each point; `ht` has
points on triangles, with coordinates u of their own: point - (u_1 v_1 + u_2 v_2 + (1 - u_1 - u_2)
v_3).

Source: ADBench's hand tracking, whose simple and complicated variants these are, after Srajer,
Kukelova and Fitzgibbon, A benchmark of selected algorithmic differentiation tools on some problems
in computer vision and machine learning, Optimization Methods and Software 33, 2018; gradbench's
`ht` is the complicated one. The hand here has ADBench's 22 bones and random vertices.

Sizes: P points and V vertices; gradbench has P from 100 to 100,000 and V of 544. 26 numbers pose
the hand, and `ht` has 2 P more, by which its Jacobian is sparse.

Published cost ratio: none.
"""

from adbench.cases import Model

FINGERS, JOINTS = 5, 4
BONES = 2 + FINGERS * JOINTS
"""The wrist, four bones of each finger, and the forearm."""


def rotations(xp, pose):
    """Return the rotations of the bones, shape (22, 3, 3), for the 20 angles of the fingers.

    Of each finger the second bone bends and spreads, and the third and fourth bend.
    """
    import numpy as np

    joints = 1 + JOINTS * np.arange(FINGERS)[:, None] + np.array([1, 1, 2, 3])
    axes = np.broadcast_to(np.array([0, 1, 0, 0]), joints.shape)
    angles = xp.zeros((BONES, 2), dtype=pose.dtype)
    angles = xp.set_at(angles, (joints.reshape(-1), axes.reshape(-1)), pose)
    bend, spread = angles[:, 0], angles[:, 1]
    zero, one = xp.zeros_like(bend), xp.ones_like(bend)
    cx, sx, cz, sz = xp.cos(bend), xp.sin(bend), xp.cos(spread), xp.sin(spread)
    entries = (cz, -sz * cx, sz * sx, sz, cz * cx, -cz * sx, zero, sx, cx)
    upper = xp.reshape(xp.stack(entries, axis=1), (BONES, 3, 3))
    upper = xp.concat((upper, xp.zeros((BONES, 3, 1), dtype=pose.dtype)), axis=2)
    lowest = xp.stack((zero, zero, zero, one), axis=1)[:, None, :]
    return xp.concat((upper, lowest), axis=1)


def skeleton(xp, pose, rest):
    """Return where the bones are, shape (22, 4, 4), each relative to its parent in `rest`."""
    relative = rest @ rotations(xp, pose)
    wrist = relative[0, :, :]
    fingers = xp.reshape(relative[1:-1, :, :], (FINGERS, JOINTS, 4, 4))
    chain = [wrist @ fingers[:, 0, :, :]]
    for joint in range(1, JOINTS):
        chain.append(chain[-1] @ fingers[:, joint, :, :])
    posed = xp.reshape(xp.stack(chain, axis=1), (FINGERS * JOINTS, 4, 4))
    forearm = wrist @ relative[-1, :, :]
    return xp.concat((wrist[None, :, :], posed, forearm[None, :, :]), axis=0)


def turned(xp, rotation, positions):
    """Return positions, shape (V, 3), turned about the axis `rotation` by its length."""
    angle = xp.sqrt(xp.sum(rotation**2))
    axis = xp.broadcast_to(rotation / angle, positions.shape)
    along = axis * xp.vecdot(axis, positions)[:, None]
    across = xp.linalg.cross(axis, positions)
    return along + (positions - along) * xp.cos(angle) + across * xp.sin(angle)


def vertices(xp, theta, hand):
    """Return the vertices of the posed hand, shape (V, 3).

    theta: shape (26,), a rotation, a translation and the angles of the fingers; hand: a dict of
    arrays, "rest" and "inverse" of shape (22, 4, 4), "positions" (V, 4), "weights" (V, 22).
    """
    bones = skeleton(xp, theta[6:], hand["rest"]) @ hand["inverse"]
    blended = xp.reshape(hand["weights"] @ xp.reshape(bones, (BONES, 16)), (-1, 4, 4))
    positions = xp.sum(blended * hand["positions"][:, None, :], axis=-1)[:, :3]
    return turned(xp, theta[:3], positions) + theta[3:6]


def distances_from_vertices(xp, theta, hand, points, places):
    """Return the differences of points from vertices, shape (P, 3).

    places: the vertex that belongs to each point, integers of shape (P,).
    """
    return points - xp.take(vertices(xp, theta, hand), places, axis=0)


def distances_from_triangles(xp, params, hand, points, corners):
    """Return the differences of points from points on triangles, shape (P, 3).

    params: "theta", and "u" of shape (P, 2); corners: the vertices of the triangle that belongs to
    each point, integers of shape (P, 3).
    """
    count = points.shape[0]
    posed = vertices(xp, params["theta"], hand)
    triangles = xp.take(posed, xp.reshape(corners, (3 * count,)), axis=0)
    u = params["u"]
    shares = xp.concat((u, 1.0 - xp.sum(u, axis=1, keepdims=True)), axis=1)
    return points - xp.sum(shares[:, :, None] * xp.reshape(triangles, (count, 3, 3)), axis=1)


def make(size, rng):
    """Draw a pose, a hand whose bones are a tenth long, points, and a vertex for each of them."""
    import numpy as np

    P, V = size["P"], size["V"]
    moved = np.eye(4) + np.zeros((BONES, 4, 4))
    moved[:, :3, 3] = rng.uniform(-0.1, 0.1, (BONES, 3))
    weights = rng.uniform(size=(V, BONES))
    hand = {
        "rest": moved,
        "inverse": np.linalg.inv(moved),
        "positions": np.concatenate([rng.uniform(-0.1, 0.1, (V, 3)), np.ones((V, 1))], axis=1),
        "weights": weights / np.sum(weights, axis=1, keepdims=True),
    }
    theta = rng.uniform(-1.0, 1.0, 6 + FINGERS * JOINTS)
    return theta, hand, rng.uniform(-1.0, 1.0, (P, 3)), rng.integers(0, V, P)


def make_on_triangles(size, rng):
    """Draw the same, with coordinates on triangles and the corners of these."""
    theta, hand, points, _ = make(size, rng)
    P = size["P"]
    params = {"theta": theta, "u": rng.uniform(0.0, 0.5, (P, 2))}
    return params, hand, points, rng.integers(0, size["V"], (P, 3))


SIZES = {
    "P=2,V=3": {"P": 2, "V": 3},
    "P=100,V=544": {"P": 100, "V": 544},
    "P=1600,V=544": {"P": 1600, "V": 544},
}

simple = Model(
    name="hand_tracking",
    function=distances_from_vertices,
    make=make,
    sizes=SIZES,
    group="ADBench",
    by_default=False,
    summary="differences of points from vertices of a hand; by its pose of 26 numbers",
)

complicated = Model(
    name="ht",
    function=distances_from_triangles,
    make=make_on_triangles,
    sizes=SIZES,
    group="ADBench",
    by_default=False,
    summary="differences of points from triangles of a hand; by its pose and the places on them",
)

"""The reprojection errors of bundle adjustment.

Formula: w (f L(p) p + u - feature) and 1 - w^2, for each observation of a point X by a camera with
rotation r (Rodrigues: axis r / |r|, angle |r|), centre C, focal length f, principal point u and
radial distortion L(p) = 1 + k_1 |p|^2 + k_2 |p|^4, where p are the first two coordinates of R (X -
C) over the third.

Source: gradbench's `ba`, after Srajer, Kukelova and Fitzgibbon, A benchmark of selected algorithmic
differentiation tools on some problems in computer vision and machine learning, Optimization Methods
and Software 33, 2018 (ADBench). ADBench's files have one camera, point and feature, which stand for
all of them: observation i is of point i modulo M by camera i modulo N.

Sizes: N cameras, M points, P observations; gradbench has P from 31,843 on. The Jacobian has 31 P
entries that are not 0 by structure.

Published cost ratio: none.
"""

from adbench.cases import Model


def rotated(xp, rotations, points):
    """Return points after rotations by Rodrigues' formula, both of shape (P, 3).

    No rotation may be 0, where its axis is not defined.
    """
    angles = xp.sqrt(xp.sum(rotations**2, axis=1, keepdims=True))
    axes = rotations / angles
    along = xp.sum(axes * points, axis=1, keepdims=True)
    cosines = xp.cos(angles)
    turned = points * cosines + xp.linalg.cross(axes, points) * xp.sin(angles)
    return turned + axes * along * (1.0 - cosines)


def errors(xp, params, features, cameras_seen, points_seen):
    """Return the reprojection errors, shape (P, 2), and those of the weights, shape (P,).

    features: shape (P, 2); cameras_seen, points_seen: integers of shape (P,).
    """
    cameras = xp.take(params["cameras"], cameras_seen, axis=0)
    points = xp.take(params["points"], points_seen, axis=0)
    weights = params["weights"]
    seen = rotated(xp, cameras[:, :3], points - cameras[:, 3:6])
    plane = seen[:, :2] / seen[:, 2:]
    square = xp.sum(plane**2, axis=1, keepdims=True)
    distortion = 1.0 + cameras[:, 9:10] * square + cameras[:, 10:11] * square**2
    projections = plane * distortion * cameras[:, 6:7] + cameras[:, 7:9]
    return weights[:, None] * (projections - features), 1.0 - weights**2


def observed(cameras, points, observations):
    """Return the indices of cameras and points, as ADBench pairs them."""
    import numpy as np

    order = np.arange(observations)
    return order % cameras, order % points


def make(size, rng):
    """Draw cameras that turn by a fraction of a radian, before which all points lie."""
    import numpy as np

    N, M, P = size["N"], size["M"], size["P"]
    centre, focal_length, distortion = (0.0, 0.0, -4.0), (2.0,), (0.05, 0.01)
    camera = np.array([0.1, 0.2, -0.1, *centre, *focal_length, 0.0, 0.0, *distortion])
    params = {
        "cameras": camera * rng.uniform(0.5, 1.5, (N, 11)),
        "points": rng.uniform(-1.0, 1.0, (M, 3)),
        "weights": rng.uniform(size=P),
    }
    return params, rng.standard_normal((P, 2)), *observed(N, M, P)


model = Model(
    name="bundle_adjustment",
    function=errors,
    make=make,
    sizes={
        "N=2,M=3,P=4": {"N": 2, "M": 3, "P": 4},
        "N=5,M=20,P=60": {"N": 5, "M": 20, "P": 60},
        "N=49,M=776,P=3184": {"N": 49, "M": 776, "P": 3184},
    },
    group="ADBench",
    by_default=False,
    summary="bundle adjustment, errors of all observations; by cameras, points and weights",
)

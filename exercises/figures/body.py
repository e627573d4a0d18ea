"""The drawn body: lengths, joint limits and outlines.

Units are figure units: a standing body is about 106 high. The page runs x to the right and y down; the ground is y = GROUND.
Angles are degrees. Outlines are written for a bone that hangs straight down from its joint at (0, 0), the front of the body to the right.
"""

GROUND = 150.0

PELVIS = 12.0
CHEST = 16.0
NECK = 4.0
HEAD_AT = (1.4, -11.8)
HEAD_RADIUS = 7.0
THIGH = 25.0
SHANK = 25.0
UPPER_ARM = 17.0
FOREARM = 14.5
HAND = 4.0

BALL = (7.4, 2.35)
BALL_RADIUS = 1.95
HEEL = (-2.1, 2.1)
HEEL_RADIUS = 2.2
TOE_TIP = (3.7, 0.3)
SOLE = 4.3

HIP_RADIUS = 6.0
SHOULDER_RADIUS = 6.4
KNEE_RADIUS = 4.3
ELBOW_RADIUS = 2.9
HAND_RADIUS = 2.1

HIP_HALF = 5.6
SHOULDER_HALF = 9.0
FRONT_CHEST = 25.8
FRONT_HEAD = 42.6

# Range a healthy adult reaches under own weight or with a push. Flexion, dorsiflexion and toe extension count up; the rest down.
# After Norkin and White, Measurement of Joint Motion (5th ed., 2016), widened to the passive end of range.
LIMITS = {
    "waist": (-30.0, 60.0),
    "neck": (-60.0, 50.0),
    "hip": (-30.0, 140.0),
    "knee": (0.0, 150.0),
    "ankle": (-55.0, 42.0),
    "toes": (-40.0, 80.0),
    "shoulder": (-60.0, 185.0),
    "elbow": (0.0, 150.0),
    "wrist": (-80.0, 95.0),
    "abduct": (-30.0, 80.0),
    "shin": (-90.0, 40.0),
    "out": (-45.0, 185.0),
    "fore": (-180.0, 180.0),
    "side": (-35.0, 35.0),
    "roll": (-25.0, 25.0),
}

SIDE_SHAPES = {
    "pelvis": "M-6 0A6 6 0 0 0 6 0C6.2 -4 5.7 -8 5.5 -12A5.5 5.5 0 0 0 -5.5 -12C-5.6 -9 -7.3 -5 -6 0Z",
    "chest": "M-5.5 0A5.5 5.5 0 0 0 5.5 0C5.8 -4 7.3 -11 6.4 -16A6.4 6.4 0 0 0 -6.4 -16C-7.2 -11 -5.7 -4 -5.5 0Z",
    "thigh": "M-6 0A6 6 0 0 1 6 0C6.4 8 5.2 17 4.3 25A4.3 4.3 0 0 1 -4.3 25C-5.1 17 -6.7 8 -6 0Z",
    "shank": "M-4.3 0A4.3 4.3 0 0 1 4.3 0C4.2 7 3.1 17 2.6 25A2.6 2.6 0 0 1 -2.6 25C-2.9 18 -5.9 10 -4.3 0Z",
    "foot": "M-3.2 -3.6Q-4.5 .2 -4.4 2.4Q-4.3 4.3 -2.5 4.3L7.4 4.3A1.95 1.95 0 0 0 8 .5L4.6 -1Q3.2 -1.8 3 -3.9Q0 -5 -3.2 -3.6Z",
    "toes": "M-.2 -1.95A1.95 1.95 0 0 0 -.2 1.95L3.9 1.95A1.55 1.55 0 0 0 4.2 -1.1Q2.4 -1.9 -.2 -1.95Z",
    "upper": "M-3.7 0A3.7 3.7 0 0 1 3.7 0C3.8 6 3.2 12 2.9 17A2.9 2.9 0 0 1 -2.9 17C-3.2 12 -3.9 6 -3.7 0Z",
    "fore": "M-2.9 0A2.9 2.9 0 0 1 2.9 0C3.1 4 2.3 10 2 14.5A2 2 0 0 1 -2 14.5C-2.2 10 -3 5 -2.9 0Z",
    "hand": "M-2 -.4A2.05 2.05 0 0 1 2.05 -.4L1.9 3.9A1.85 1.85 0 0 1 -1.8 3.9Z",
}
# Seen from the front a bone shortens as it turns to the viewer: the middle is one unit long and is stretched, the joints stay round.
FRONT_SHAPES = {
    "thigh": "M-5.5 0C-6.3 .35 -5 .75 -4.2 1L4.2 1C4.8 .75 5.9 .35 5.5 0Z",
    "shank": "M-4.2 0C-5.1 .3 -3.4 .75 -2.7 1L2.7 1C3.4 .75 5.1 .3 4.2 0Z",
    "upper": "M-3.5 0C-3.8 .4 -3.1 .8 -2.8 1L2.8 1C3.1 .8 3.8 .4 3.5 0Z",
    "fore": "M-2.8 0C-3.1 .3 -2.3 .8 -2 1L2 1C2.3 .8 3.1 .3 2.8 0Z",
}
FRONT_RADII = {"thigh": (5.5, 4.2), "shank": (4.2, 2.7), "upper": (3.5, 2.8), "fore": (2.8, 2.0)}
FRONT_CHEST_SHAPE = (
    "M-7.4 0C-7.2 -7 -9.2 -14 -10 -22.5Q-10.7 -27.4 -6.4 -29.4Q-3 -31 0 -31Q3 -31 6.4 -29.4"
    "Q10.7 -27.4 10 -22.5C9.2 -14 7.2 -7 7.4 0Q0 3.4 -7.4 0Z"
)
FRONT_PELVIS_SHAPE = "M-7.5 -9.5Q0 -11 7.5 -9.5C7.7 -6.8 10.3 -5 10.9 -.8Q11 1.2 9 2.2L3 6Q0 7.6 -3 6L-9 2.2Q-11 1.2 -10.9 -.8C-10.3 -5 -7.7 -6.8 -7.5 -9.5Z"
FRONT_SHOE_SHAPE = (
    "M-2.7 -3Q0 -4.2 2.7 -3C3.1 -1.4 4.7 .4 4.7 2.5Q4.7 4.3 3 4.3L-2.6 4.3Q-4.1 4.3 -4.1 2.5C-4.1 .4 -3.1 -1.4 -2.7 -3Z"
)
FRONT_HAND_SHAPE = "M-2.05 -.3A2.05 2.05 0 0 1 2.05 -.3L1.7 4A1.7 1.7 0 0 1 -1.7 4Z"

"""Figures on pages: `{% load figures %}`."""

from collections.abc import Iterable
from typing import Any

from django import template
from django.urls import reverse
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from exercises.figures import bodymap, scenes
from exercises.figures.choice import described, shown
from exercises.figures.measured import Frame
from exercises.figures.picture import svg

register = template.Library()
VIEW_WORDS = {"side": "Side", "front": "Front", "behind": "Behind"}


def _drawing(box: str, content: str, **how: str) -> SafeString:
    return mark_safe(svg(box, content, **how))


@register.simple_tag
def figure(
    exercise: Any, animated: bool = False, close: bool = False, decorative: bool = False, view: str = ""
) -> SafeString:
    """`{% figure exercise %}`: its end pose. `close=True` crops to the body, for a thumb; `decorative=True` beside its name.

    `animated=True` is the stage: it plays, stops on a tap, and stands with the start ghosted where less motion is asked for.
    """
    now = shown(exercise)
    if animated:
        return _stage(exercise)
    picture = next((each for each in now.pictures if each.view.kind == view), now.pictures[0])
    return _drawing(*picture.still(close=close), label="" if decorative else described(exercise, now, picture))


def _stage(exercise: Any) -> SafeString:
    now = shown(exercise)
    moving = [picture for picture in now.pictures if picture.moves]
    drawings = [
        _drawing(
            *picture.stage(),
            label=described(exercise, now, picture, fully=True),
            cls=f"fig move-{picture.name} fig-view-{index}" if picture.moves else f"fig fig-view-{index}",
        )
        for index, picture in enumerate(now.pictures)
    ]
    if not moving:
        return drawings[0]
    key = f"fig-{exercise.slug}"
    sheet = format_html(
        '<link rel="stylesheet" href="{}?v={}">',
        reverse("exercises:figure_css", args=[moving[0].figure.slug]),
        now.version,
    )
    views = ""
    if len(drawings) > 1:
        views = format_html_join(
            "", '<input class="fig-pick" type="radio" name="{0}" id="{0}-{1}" form="figure-controls" value="{1}" aria-label="{3}"{2}>',
            (
                (f"{key}-view", index, mark_safe(" checked") if index == 0 else "", VIEW_WORDS[picture.view.kind])
                for index, picture in enumerate(now.pictures)
            ),
        )  # fmt: skip
    labels = format_html_join(
        "", '<label for="{}-view-{}">{}</label>',
        ((key, index, VIEW_WORDS[picture.view.kind]) for index, picture in enumerate(now.pictures)),
    )  # fmt: skip
    return format_html(
        '{}<div class="fig-play">{}<input class="fig-stop" type="checkbox" id="{}-stop" form="figure-controls" aria-label="Stop the figure">'
        '<label class="fig-tap" for="{}-stop">{}<span class="fig-state" aria-hidden="true">{}</span></label>{}</div>',
        sheet, views, key, key, mark_safe("".join(drawings)), STATE,
        format_html('<div class="fig-views" aria-hidden="true">{}</div>', labels) if views else "",
    )  # fmt: skip


STATE = mark_safe(
    '<svg viewBox="0 0 16 16"><path class="fig-pause" d="M5 3.5h2.2v9H5zM8.8 3.5H11v9H8.8z"/><path class="fig-go" d="M5.2 3.2v9.6l7.6-4.8z"/></svg>'
)


@register.simple_tag
def figure_strip(exercise: Any) -> SafeString:
    """Four moments of the movement, as a list; the end pose is marked. Nothing for an exercise that has no figure of its own."""
    now = shown(exercise)
    if now.instead or not now.pictures[0].moves:
        return mark_safe("")
    rows = (
        (mark_safe(' aria-current="true"') if is_end else "", _drawing(box, content), word)
        for box, content, word, is_end in now.pictures[0].strip()
    )  # fmt: skip
    return format_html('<ol class="strip">{}</ol>', format_html_join("", "<li{}>{}{}</li>", rows))


@register.inclusion_tag("components/measured_figure.html")
def measured_figure(frames: Iterable[Frame]) -> dict[str, Any]:
    """The four frames of `exercises.figures.measured.measured_frames`."""
    return {"frames": [(frame, _drawing(frame.box, frame.content, label=frame.label)) for frame in frames]}


@register.simple_tag
def stride_hero() -> SafeString:
    """Five runners across one stride, the last one measured; fills a `.hero-stage`."""
    box, content = scenes.stride()
    label = "A runner drawn five times across one stride, with the knee angle and the lean measured at landing"
    drawing = svg(box, content, label=label).replace("viewBox", 'preserveAspectRatio="xMaxYMax slice" viewBox', 1)
    return mark_safe(drawing)


@register.simple_tag
def scene(name: str) -> SafeString:
    """`{% scene "filmed" %}`, `"measured"`, `"plan"` (how it works), `"hip_drop"`; `"run"` and `"wait"` are decoration for empty states."""
    draw, label = SCENES[name]
    return _drawing(*draw(), label=label)


SCENES = {
    "filmed": (scenes.filmed, "A phone filming a runner from the side"),
    "measured": (scenes.explained, "The same runner with the knee angle drawn in"),
    "plan": (scenes.planned, "A runner at the bottom of a lunge"),
    "hip_drop": (
        scenes.dropped,
        "Seen from behind: standing on the left leg, the right side of the belt line sits 8 degrees lower",
    ),
    "run": (scenes.flying, ""),
    "wait": (scenes.waiting, ""),
}


@register.simple_tag
def body_map(prefix: str = "region-") -> SafeString:
    """Front, back and feet with a shape per region; see components/body_map.html."""
    return mark_safe(bodymap.drawing(conditional_escape(prefix)))

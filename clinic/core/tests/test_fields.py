"""Every field: label, help and error where a screen reader finds them, and what was typed stays."""

from django import forms

from clinic.core.widgets import Cards, ScaleField, Switch


class Visit(forms.Form):
    email = forms.EmailField(label="E-mail", help_text="Where the letter goes.")
    goal = forms.ChoiceField(
        label="Goal", widget=Cards, choices=[("a", "First 5k | You are starting."), ("b", "Marathon")]
    )
    pain = ScaleField(label="Pain", tinted=True, required=False)
    agree = forms.BooleanField(label="I agree")
    quiet = forms.BooleanField(label="Quiet at night", required=False, widget=Switch)
    note = forms.CharField(label="Note", required=False, widget=forms.Textarea)


def test_label_help_and_control_belong_together() -> None:
    out = Visit()["email"].as_field_group()
    assert '<label class="form-label" for="id_email">E-mail</label>' in out
    assert 'class="form-control"' in out
    assert 'aria-describedby="id_email_helptext"' in out
    assert '<div class="form-text" id="id_email_helptext">Where the letter goes.</div>' in out


def test_a_wrong_field_says_so_and_keeps_what_was_typed() -> None:
    out = Visit({"email": "maya@lindqvist"})["email"].as_field_group()
    assert 'value="maya@lindqvist"' in out
    assert 'aria-invalid="true"' in out
    assert 'aria-describedby="id_email_helptext id_email_error"' in out
    assert 'class="invalid-feedback errorlist" id="id_email_error"' in out


def test_the_first_wrong_field_takes_the_focus() -> None:
    assert "autofocus" not in str(Visit())
    wrong = Visit({"email": "maya@lindqvist", "goal": "a"})
    assert "autofocus" in wrong["email"].as_field_group()
    assert str(wrong).count("autofocus") == 1


def test_a_choice_that_is_wrong_moves_no_focus() -> None:
    assert "autofocus" not in str(Visit({"email": "maya@mail.example"}))


def test_what_was_typed_is_escaped() -> None:
    out = Visit({"email": '"><script>alert(1)</script>'})["email"].as_field_group()
    assert "<script>" not in out


def test_a_field_that_may_stay_empty_says_so() -> None:
    assert '<span class="optional">if you like</span>' in Visit()["note"].as_field_group()
    assert "optional" not in Visit()["email"].as_field_group()


def test_cards_show_a_title_and_a_sentence() -> None:
    out = Visit()["goal"].as_field_group()
    assert "<legend" in out
    assert "<b>First 5k</b><small>You are starting.</small>" in out
    assert "<b>Marathon</b></span>" in out


def test_a_scale_has_eleven_answers_in_the_colours_of_the_pain_light() -> None:
    out = Visit()["pain"].as_field_group()
    assert out.count('type="radio"') == 11
    assert [out.count(f'class="{tint}"') for tint in "gas"] == [3, 3, 5]


def test_a_scale_gives_a_number_or_none() -> None:
    form = Visit({"email": "m@mail.example", "goal": "a", "agree": "on", "pain": "7"})
    assert form.is_valid()
    assert form.cleaned_data["pain"] == 7
    empty = Visit({"email": "m@mail.example", "goal": "a", "agree": "on"})
    assert empty.is_valid()
    assert empty.cleaned_data["pain"] is None


def test_a_scale_refuses_eleven() -> None:
    assert "pain" in Visit({"pain": "11"}).errors


def test_a_tick_box_stands_before_its_label() -> None:
    out = Visit()["agree"].as_field_group()
    assert out.index('type="checkbox"') < out.index("I agree")


def test_a_switch_is_announced_as_one() -> None:
    assert 'role="switch"' in str(Visit()["quiet"])


def test_nothing_needs_a_style_or_a_script() -> None:
    out = str(Visit()) + str(Visit({}))
    assert "style=" not in out
    assert "<script" not in out

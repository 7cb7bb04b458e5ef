"""The frame of the lessons: a question is answered once, and the score is kept."""

from streamlit.testing.v1 import AppTest


def ask() -> None:
    from dashboard.widgets.lesson import Quiz, draw_question

    for key, right in (("one", 0), ("two", 1)):
        draw_question(Quiz(key, f"What is {key}?", ("this", "that"), right, "Look above."))


def list_captions(app: AppTest) -> list[str]:
    return [str(caption.value) for caption in app.caption]


def test_nothing_is_revealed_before_an_answer() -> None:
    app = AppTest.from_function(ask).run()
    assert not app.exception
    assert [radio.value for radio in app.radio] == [None, None]
    assert all(button.disabled for button in app.button)
    assert not any("Look above." in str(each.value) for each in app.markdown)


def test_the_first_answer_counts_and_the_score_adds_up() -> None:
    app = AppTest.from_function(ask).run()
    app.radio(key="question_one").set_value(0).run()
    app.button(key="reveal_one").click().run()
    assert any("✅ Right. Look above." in str(each.value) for each in app.markdown)
    assert list_captions(app) == ["Your score so far: 1 of 1."]
    app.radio(key="question_two").set_value(0).run()
    app.button(key="reveal_two").click().run()
    assert any("❌ It is: that." in str(each.value) for each in app.markdown)
    assert list_captions(app)[-1] == "Your score so far: 1 of 2."
    assert app.radio(key="question_one").disabled and app.radio(key="question_two").disabled
    app.run()
    assert list_captions(app)[-1] == "Your score so far: 1 of 2."

"""What the cards of the recall networks say to learners."""

TITLES = {
    "rnn": "Vanilla RNN (recall)",
    "lstm": "LSTM (recall)",
    "transformer": "Transformer (recall)",
}
_TASK = (
    "It reads a row of letters A to H and, when the question mark comes, says which letter came "
    "first, however many others came in between. It has seen nothing but such random rows, with "
    "1 to 256 letters in between."
)
SUMMARIES = {
    "rnn": "A vanilla recurrent network: one state that every letter rewrites. " + _TASK,
    "lstm": "A recurrent network whose gates decide what is kept and what is rewritten. " + _TASK,
    "transformer": "A Transformer that may look back at every letter directly. " + _TASK,
}
_BOTH = (
    "It knows this one task and no language. It was helped by short rows among the long ones; "
    "even.onnx beside it is the same network without that help. Rows longer than 258 are new to "
    "it. "
)
_STARTED = (
    "That even.onnx learns little says as much of its first weights as of its kind: others are "
    "measured in the details. "
)
LIMITS = {
    "rnn": _BOTH
    + _STARTED
    + "Holding one letter of eight in a state of 140 numbers is little to ask of it: this says "
    "nothing of how much a vanilla RNN can remember of a text.",
    "lstm": _BOTH
    + _STARTED
    + "One letter of eight is little to remember: it tests distance, not amount.",
    "transformer": _BOTH
    + "It pays for its direct look: the work grows with the square of the row's length.",
}

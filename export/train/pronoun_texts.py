"""What the cards of the pronoun networks say to learners."""

TITLES = {"resolver": "Pronoun resolver (Transformer)", "lstm": "Pronoun resolver (LSTM)"}
_TASK = (
    "It reads a sentence with two nouns and an 'it', such as 'The animal didn't cross the street "
    "because it was too tired', and points to the word that 'it' stands for. What it reads are the "
    "states of MiniLM after its fourth layer, which stayed as published. It has seen 18,000 "
    "sentences that a grammar made from lists of words, and none that a person wrote."
)
SUMMARIES = {
    "resolver": "A small Transformer trained to resolve pronouns. " + _TASK,
    "lstm": "A small LSTM in both directions, the comparison for the Transformer of the same size. "
    + _TASK,
}
_BOTH = (
    "It knows the 24 kinds of events of its grammar: crossing, fitting, lifting, eating and so on. "
    "Where the adjective can only be said of one of the two, as in the sentence above, it is good "
    "even with words it never met; where both could be too big or too weak ('worldly' on the card) "
    "it is far worse. "
    "Sentences in other wordings, measured on the card as 'natural', mislead it far more often. "
    "It takes for granted that there is one 'it' and that it stands for a thing or an animal in "
    "the sentence. It can be sure and wrong."
)
LIMITS = {"resolver": _BOTH, "lstm": _BOTH}

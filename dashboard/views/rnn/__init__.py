"""RNN and LSTM, memory: a text word by word, and recall over a distance."""

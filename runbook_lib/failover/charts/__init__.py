"""The charts of a trial, of a series, of a catalogue. The only door to matplotlib."""

"""Vocabularies and the parts they belong to."""

from training.configs.parts import train_clip_tokenizer, train_language_tokenizer

TEXTS = ["Rosa waves in the park.", "Milo reads a book to her."] * 5


def test_a_clip_vocabulary_knows_every_byte_inside_and_at_the_end_of_a_word():
    """A byte that is not in the training texts became the end token, which ended the sentence for the text encoder."""
    tokenizer = train_clip_tokenizer(TEXTS, 300, 32)
    ids = tokenizer("Zoë <|endoftext|> #7 ☃", split_special_tokens=True)["input_ids"]
    assert tokenizer.eos_token_id not in ids[1:-1]


def test_clip_offsets_point_at_the_name():
    tokenizer = train_clip_tokenizer(TEXTS, 300, 32)
    encoded = tokenizer("Hello, Rosa!", return_offsets_mapping=True)
    spans = [(start, end) for start, end in encoded["offset_mapping"] if end == 11]
    assert spans and spans[-1][0] >= 7


def test_a_prompt_opens_with_opts_start_token():
    tokenizer = train_language_tokenizer(TEXTS, 300)
    assert tokenizer(" Caption: Rosa")["input_ids"][0] == tokenizer.bos_token_id == 2
    assert tokenizer.pad_token_id == 1

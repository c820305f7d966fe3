"""Pure judgement: the same action and facts always give the same decision."""

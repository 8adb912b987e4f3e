"""How each sentence of the features is carried out; a module a capability."""

"""What the API answers, a file per noun: Structs that are encoded as they are, and from which OpenAPI is made."""

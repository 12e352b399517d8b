"""Parts of the pages Latent space and Ask."""

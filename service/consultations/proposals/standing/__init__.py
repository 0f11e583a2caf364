"""Finding and moving a proposal, which every act on one rests on."""

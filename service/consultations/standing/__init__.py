"""Finding and moving a consultation, which every act on one rests on."""

// Opsin

best: ## Rank the trials that have written their metrics
	@python3 src/best.py
.PHONY: best

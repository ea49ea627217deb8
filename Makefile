# Kube Toolbox. `make` lists the targets; docs/make.md tells how values become flags.
# Each target is one line over the command of the same name: `make local jobs=4` is `ktb local --jobs=4`.
# Works at this repository's root, by `include node_modules/kube-toolbox/Makefile`, and through a symbolic
# link to a submodule's (`ln -s src/toolbox/Makefile .`). Keeps to GNU make 3.81. All names of its own
# start with `toolbox`, so that they do not meet yours.

define toolbox_newline


endef
toolbox_quote = '$(subst ','\'',$1)'

# The folder of this file, links followed: empty at this repository's own root, relative below the project
# (`src/toolbox/`), else absolute. Done with `subst`, since `dir` would take a path with a space for two.
toolbox_self := $(realpath $(lastword $(MAKEFILE_LIST)))
toolbox := $(subst |,,$(subst |$(CURDIR)/,,|$(subst /Makefile|,/,$(toolbox_self)|)))

# Values given on make's command line become flags, as they were typed: `$$`, quotes, spaces, `*`, `;` and
# line breaks mean nothing to make or the shell. Names in capitals stay variables of the environment
# (`make job KUBECONFIG=other`), and variables of the environment never become flags.
toolbox_letters := a b c d e f g h i j k l m n o p q r s t u v w x y z
toolbox_is_flag = $(strip $(foreach toolbox_l,$(toolbox_letters),$(findstring $(toolbox_l),$1)))
toolbox_given := $(foreach toolbox_n,$(.VARIABLES),$(if $(filter command,$(origin $(toolbox_n))),$(if $(call toolbox_is_flag,$(toolbox_n)),$(toolbox_n))))
$(foreach toolbox_n,$(toolbox_given),$(eval unexport $(toolbox_n)))
toolbox_word = $(subst $(toolbox_newline),'"$$newline"',$(toolbox_quote))
toolbox_flags = $(foreach toolbox_n,$(sort $(toolbox_given)),$(call toolbox_word,--$(toolbox_n)=$(value $(toolbox_n))))

# The line under every target. A make that a trial's command calls is not a child of this one.
toolbox_forget_make := unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL MAKE_TERMOUT MAKE_TERMERR;
toolbox_set_newline = $(if $(findstring "$$newline",$(toolbox_flags)),newline=$$(printf '\n.'); newline=$${newline%.};)
toolbox_set_node = node=$(call toolbox_quote,$(toolbox).node/node_modules/.bin/node); [ -x "$$node" ] || node=node;
toolbox_run = @$(toolbox_forget_make) $(toolbox_set_newline) $(toolbox_set_node) exec "$$node" $(call toolbox_quote,$(toolbox)dist/bin.js) $@ $(toolbox_flags)

.PHONY: help
help: ## List the targets
	@printf 'usage: make TARGET [name=value ...]       make TARGET help=true: its values and an example\n'
	@awk -f $(call toolbox_quote,$(toolbox)setup/targets.awk) own=$(if $(toolbox),,yes) \
	  $(call toolbox_quote,$(toolbox_self)) $(filter-out Makefile,$(firstword $(MAKEFILE_LIST))) $(wildcard project.mk)

# Installs and builds what is missing or older than its sources; an installed package has no sources. Make cannot
# compare files whose folder has a space in its name, so there the script is asked each time.
ifeq ($(words x$(toolbox)),1)
toolbox_ready := $(toolbox).ready
toolbox_sources := $(wildcard $(addprefix $(toolbox),package.json package-lock.json setup/node/package-lock.json scripts/*.ts schemas/* templates/* templates/*/* src/*.ts src/*/*.ts src/*/*/*.ts src/*/*/*/*.ts))
else
toolbox_ready := toolbox_ready
.PHONY: toolbox_ready
endif
$(toolbox_ready): $(toolbox_sources)
	@bash $(call toolbox_quote,$(toolbox)setup/install.sh)
ifeq ($(wildcard $(toolbox)dist/bin.js),)
.PHONY: $(toolbox_ready)
endif

##@ Plan and run here
.PHONY: plan local local-first local-dryrun shell debug tmux
plan: $(toolbox_ready) ## Print the trials, their names, states and totals; change nothing
	$(toolbox_run)
local: $(toolbox_ready) ## Run all trials one after another, or jobs=N at a time
	$(toolbox_run)
local-first: $(toolbox_ready) ## Run the first trial
	$(toolbox_run)
local-dryrun: $(toolbox_ready) ## Print each trial's name and command
	$(toolbox_run)
shell: $(toolbox_ready) ## Open a shell with a trial's environment loaded
	$(toolbox_run)
debug: $(toolbox_ready) ## Write debugger entries for the plan's commands into .vscode/launch.json
	$(toolbox_run)
tmux: $(toolbox_ready) ## Run a target detached in tmux: target=local
	$(toolbox_run)

##@ Run on the cluster
.PHONY: dryrun pod-dryrun job pod copy exec port-forward secret jupyter vscode quota
dryrun: $(toolbox_ready) ## Write the Jobs' manifests to build/, contact nothing
	$(toolbox_run)
pod-dryrun: $(toolbox_ready) ## Write the interactive pod's manifest to build/, contact nothing
	$(toolbox_run)
job: $(toolbox_ready) ## Create the missing Jobs, one a trial
	$(toolbox_run)
pod: $(toolbox_ready) ## Create an interactive pod with the same environment
	$(toolbox_run)
copy: $(toolbox_ready) ## Copy the file: entries into a pod: pod=NAME
	$(toolbox_run)
exec: $(toolbox_ready) ## Open a shell in a pod: pod=NAME
	$(toolbox_run)
port-forward: $(toolbox_ready) ## Forward a port of a pod: pod=NAME port=8888
	$(toolbox_run)
secret: $(toolbox_ready) ## Put .env into the cluster's Secret, nothing else
	$(toolbox_run)
jupyter: $(toolbox_ready) ## Start a notebook pod, forward its port and print the link
	$(toolbox_run)
vscode: $(toolbox_ready) ## Print the link that attaches VS Code to a pod: pod=NAME
	$(toolbox_run)
quota: $(toolbox_ready) ## Show GPUs, CPU and memory used and left
	$(toolbox_run)

##@ Follow and clean up
.PHONY: status logs wait checkout delete delete_job delete_pod clean_jobs
status: $(toolbox_ready) ## Show what runs and what became of each trial
	$(toolbox_run)
logs: $(toolbox_ready) ## Print what trials print: name=PATTERN follow=true
	$(toolbox_run)
wait: $(toolbox_ready) ## Wait until all trials have ended
	$(toolbox_run)
checkout: $(toolbox_ready) ## Restore the code a run was started with: run=NAME
	$(toolbox_run)
delete: $(toolbox_ready) ## Remove your Jobs and Pods of this project, after asking
	$(toolbox_run)
delete_job: $(toolbox_ready) ## Remove your Jobs of this project, after asking
	$(toolbox_run)
delete_pod: $(toolbox_ready) ## Remove your Pods of this project, after asking
	$(toolbox_run)
clean_jobs: $(toolbox_ready) ## Remove your failed Jobs of this project, after asking
	$(toolbox_run)

##@ Data
.PHONY: upload download find fd list ls remove rm interactive monitor mn server sv
upload: $(toolbox_ready) ## Upload a file, folder or pattern: file=data/
	$(toolbox_run)
download: $(toolbox_ready) ## Download a file, folder or pattern: file=data/
	$(toolbox_run)
find fd: $(toolbox_ready) ## List the keys that match: file='data/*.csv'
	$(toolbox_run)
list ls: $(toolbox_ready) ## List one level of the bucket: file=data/
	$(toolbox_run)
remove rm: $(toolbox_ready) ## Remove keys from the bucket, after asking: file=data/old/
	$(toolbox_run)
interactive: $(toolbox_ready) ## Show local and remote matches and ask what to do: file=data/
	$(toolbox_run)
monitor mn: $(toolbox_ready) ## Watch a folder and upload what changes: file=outputs/
	$(toolbox_run)
server sv: $(toolbox_ready) ## Serve S3 commands from one warm process on loopback
	$(toolbox_run)

##@ Images
.PHONY: image-init image image-push image-secret
image-init: $(toolbox_ready) ## Write a Dockerfile, workflows and .dockerignore for this project
	$(toolbox_run)
image: $(toolbox_ready) ## Build and tag the project's image
	$(toolbox_run)
image-push: $(toolbox_ready) ## Push the project's image
	$(toolbox_run)
image-secret: $(toolbox_ready) ## Create the pull secret from a deploy token
	$(toolbox_run)

##@ Project
.PHONY: init doctor completion clean
init: $(toolbox_ready) ## Write config files, .env, .gitignore lines and the Makefile line into this project
	$(toolbox_run)
doctor: $(toolbox_ready) ## Check config, tools, cluster, bucket and rights, and say how to mend each
	$(toolbox_run)
completion: $(toolbox_ready) ## Print shell completion: shell=bash, zsh or fish
	$(toolbox_run)
clean: ## Remove build/; run records and logs in .toolbox/ stay
	@rm -rf build

# Development, at this repository's own root only.
ifeq ($(toolbox),)
toolbox_develop = @export PATH="$(CURDIR)/.node/node_modules/.bin:$$PATH"; $(toolbox_forget_make)

##@ Develop
.PHONY: test check bench format
test: $(toolbox_ready) ## Check everything and run all tests; installs the Debian packages they need
	@bash setup/debian-packages.sh
	$(toolbox_develop) node scripts/verify.ts --tests
check: $(toolbox_ready) ## Check formatting, lint, types, generated code and dead code
	$(toolbox_develop) node scripts/verify.ts
bench: $(toolbox_ready) ## Measure what the issues promise: only=PATTERN picks
	$(toolbox_develop) node scripts/bench.ts $(toolbox_flags)
format: $(toolbox_ready) ## Format and mend what can be mended by itself
	$(toolbox_develop) node_modules/.bin/biome check --write .
endif

# Your own targets.
-include project.mk

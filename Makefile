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
# In a pod the toolbox is where its own make says, whatever copy of this file the project brought along.
toolbox_self := $(realpath $(if $(KUBE_TOOLBOX_PACKAGE),$(KUBE_TOOLBOX_PACKAGE)/Makefile,$(lastword $(MAKEFILE_LIST))))
ifeq ($(toolbox_self),)
# Make parts `include /my\ own/Makefile` at the space. The shell finds the longest end of the list that is a file.
toolbox_self := $(shell list=$(call toolbox_quote,$(MAKEFILE_LIST)); set -f; set -- $$list; while [ -n "$$1" ] && [ ! -f "$$*" ]; do shift; done; cd "$$(dirname "$$*")" && printf '%s/Makefile' "$$(pwd -P)")
endif
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

# The file that make began with, where it is not this one.
toolbox_user_file := $(firstword $(MAKEFILE_LIST))
toolbox_user_file := $(if $(subst $(toolbox_self),,$(realpath $(toolbox_user_file))),$(toolbox_user_file))

.PHONY: help
help: ## List the targets
	@printf 'usage: make TARGET [name=value ...]       make TARGET help=true: its values and an example\n'
	@awk -f $(call toolbox_quote,$(toolbox)setup/targets.awk) own=$(if $(toolbox),,yes) \
	  $(call toolbox_quote,$(toolbox_self)) $(toolbox_user_file) $(wildcard project.mk)

# Installs and builds what is missing or older than its sources; an installed package has no sources. Make cannot
# compare files whose folder has a space in its name, so there the script is asked each time.
ifeq ($(words x$(toolbox)),1)
toolbox_ready := $(toolbox).ready
toolbox_sources := $(wildcard $(addprefix $(toolbox),package.json package-lock.json setup/node/package-lock.json scripts/*.ts schemas/* templates/* templates/*/* src/*.ts src/*/*.ts src/*/*/*.ts src/*/*/*/*.ts))
# An empty recipe each, or make would look for a hundred ways to make a source from another file.
$(toolbox_sources) $(toolbox)Makefile: ;
else
toolbox_ready := toolbox_ready
.PHONY: toolbox_ready
endif
$(toolbox_ready): $(toolbox_sources)
	@bash $(call toolbox_quote,$(toolbox)setup/install.sh)
ifeq ($(wildcard $(toolbox)dist/bin.js),)
.PHONY: $(toolbox_ready)
endif

# The commands, made by `npm run generate` from src/cli/registry.ts.

##@ Plan
.PHONY: plan status logs checkout
plan: $(toolbox_ready) ## Show the trials, how they stand and what would be done; changes nothing
	$(toolbox_run)
status: $(toolbox_ready) ## Show how the trials stand, models by datasets
	$(toolbox_run)
logs: $(toolbox_ready) ## Print what a trial has printed
	$(toolbox_run)
checkout: $(toolbox_ready) ## Restore the code that a run was started with
	$(toolbox_run)

##@ Run here
.PHONY: local local-first local-dryrun shell debug tmux
local: $(toolbox_ready) ## Run the trials on this machine, one after another or jobs=N at a time
	$(toolbox_run)
local-first: $(toolbox_ready) ## Run the first trial only
	$(toolbox_run)
local-dryrun: $(toolbox_ready) ## Print the command of each trial, run nothing
	$(toolbox_run)
shell: $(toolbox_ready) ## Open a shell with a trial's environment
	$(toolbox_run)
debug: $(toolbox_ready) ## Write debugger entries for the trials into .vscode/launch.json
	$(toolbox_run)
tmux: $(toolbox_ready) ## Run a target detached in tmux: target='local jobs=4'
	$(toolbox_run)

##@ Run on the cluster
.PHONY: dryrun pod-dryrun secret job pod exec port-forward copy wait delete delete-job delete_job delete-pod delete_pod clean-jobs clean_jobs jupyter vscode quota
dryrun: $(toolbox_ready) ## Write the manifests of all trials into build/ and say what `job` would do
	$(toolbox_run)
pod-dryrun: $(toolbox_ready) ## Write the manifest of the interactive pod into build/
	$(toolbox_run)
secret: $(toolbox_ready) ## Put the variables of .env into the Secret that workloads read; job and pod do it, too
	$(toolbox_run)
job: $(toolbox_ready) ## Create the missing Jobs on the cluster, one a trial
	$(toolbox_run)
pod: $(toolbox_ready) ## Create an interactive pod
	$(toolbox_run)
exec: $(toolbox_ready) ## Open a shell in a pod, or run one command there
	$(toolbox_run)
port-forward: $(toolbox_ready) ## Reach a port of a pod from this machine
	$(toolbox_run)
copy: $(toolbox_ready) ## Copy the `file:` entries into a pod
	$(toolbox_run)
wait: $(toolbox_ready) ## Wait until all Jobs have ended
	$(toolbox_run)
delete: $(toolbox_ready) ## Remove this user's Jobs and pods of this project, after asking
	$(toolbox_run)
delete-job delete_job: $(toolbox_ready) ## Remove this user's Jobs of this project, after asking
	$(toolbox_run)
delete-pod delete_pod: $(toolbox_ready) ## Remove this user's interactive pods of this project, after asking
	$(toolbox_run)
clean-jobs clean_jobs: $(toolbox_ready) ## Remove failed Jobs, after asking
	$(toolbox_run)
jupyter: $(toolbox_ready) ## Start a notebook pod, forward its port and print the link
	$(toolbox_run)
vscode: $(toolbox_ready) ## Print or open the link that attaches Visual Studio Code to a pod
	$(toolbox_run)
quota: $(toolbox_ready) ## Show what is used and left of the namespace's GPUs, cores and memory
	$(toolbox_run)

##@ Data
.PHONY: upload download find fd list ls remove rm interactive monitor mn server sv
upload: $(toolbox_ready) ## Upload a file, folder or pattern to the bucket
	$(toolbox_run)
download: $(toolbox_ready) ## Download a file, folder or pattern from the bucket
	$(toolbox_run)
find fd: $(toolbox_ready) ## List the keys that match
	$(toolbox_run)
list ls: $(toolbox_ready) ## List one level of the bucket, folders first
	$(toolbox_run)
remove rm: $(toolbox_ready) ## Remove keys from the bucket, after asking
	$(toolbox_run)
interactive: $(toolbox_ready) ## Show local and remote matches and ask what to do
	$(toolbox_run)
monitor mn: $(toolbox_ready) ## Watch a folder and upload what changes
	$(toolbox_run)
server sv: $(toolbox_ready) ## Serve S3 commands from one warm process on loopback
	$(toolbox_run)

##@ Images
.PHONY: image-init image image-push image-secret
image-init: $(toolbox_ready) ## Write a Dockerfile, workflows and .dockerignore for this project
	$(toolbox_run)
image: $(toolbox_ready) ## Build and tag the image of the project with docker, podman or buildah
	$(toolbox_run)
image-push: $(toolbox_ready) ## Push the image of the project
	$(toolbox_run)
image-secret: $(toolbox_ready) ## Create the Secret that images are pulled with, from a deploy token
	$(toolbox_run)

##@ Project
.PHONY: init doctor completion
init: $(toolbox_ready) ## Write config files, .env, .gitignore lines and the Makefile line into this project
	$(toolbox_run)
doctor: $(toolbox_ready) ## Check config, tools, cluster, bucket and rights, and say how to mend each
	$(toolbox_run)
completion: $(toolbox_ready) ## Print shell completion: shell=bash, zsh or fish
	$(toolbox_run)
# End of the commands.
.PHONY: clean
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

# What a person types. `make` alone lists the targets.

# Debian packages that the build needs, and fonts and data for the first run.
PACKAGES = ocl-icd-opencl-dev opencl-headers libclblast-dev libopenblas-dev libsdl2-dev libimgui-dev libstb-dev \
	libfontconfig-dev libfribidi-dev zlib1g-dev pkg-config fonts-dejavu-core dataset-fashion-mnist
# An OpenCL device on the CPU, so that the kernels are tested on a machine without a GPU too.
TEST_PACKAGES = pocl-opencl-icd
# A simulator that checks each access of a kernel, Mesa's OpenCL, and what Intel's runtime from PyPI is installed with.
PORTABILITY_PACKAGES = oclgrind mesa-opencl-icd python3-venv

.DEFAULT_GOAL = help
.PHONY: help setup setup-tests setup-portability setup-pictures swift run test test-portability check-gpu bench pictures docs format

help: ## list the targets
	@echo "CLMat: what make can do"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1|\2/p' Makefile | while IFS='|' read -r target words; do \
		printf '  %-21s %s\n' "$$target" "$$words"; done

setup: ## install the system libraries that are missing (apt)
	$(call install,$(PACKAGES))

setup-tests:
	$(call install,$(PACKAGES) $(TEST_PACKAGES))

setup-portability:
	$(call install,$(PACKAGES) $(TEST_PACKAGES) $(PORTABILITY_PACKAGES))

setup-pictures:
	$(call install,$(PACKAGES) ffmpeg)

run: setup swift ## build, and open the window on LDAM; ARGS="--data mnist" passes options
	swift build -c release --product explore
	.build/release/explore ldam $(ARGS)

# Optimised, since the tests train real networks; in a folder of its own, since testing needs other flags than running.
TEST_FLAGS = -c release -Xswiftc -enable-testing --scratch-path .build-tests

test: setup-tests swift ## build and run all tests; CLMAT_DATA=FOLDER adds those on real data, CLMAT_SOAK=1800 uses a window for half an hour
	swift test $(TEST_FLAGS)
	CLMAT_SOAK=$${CLMAT_SOAK:-15} swift test $(TEST_FLAGS) --skip-build --filter SoakTests

# The peers live in a virtual environment of their own; WHEELS=FOLDER takes torch's wheel from there, PYTHON=PATH uses a
# Python that has torch already. PyPI's torch for x86 is the CUDA bundle: it is taken alone, with what its import needs.
PEERS = .build-bench/venv
PYTHON ?= $(PEERS)/bin/python
# What is asked for and has a peer in Python: not the window, nor rewinds.
comma = ,
PEERED = $(if $(ONLY),$(strip $(filter-out window history,$(subst $(comma), ,$(ONLY)))),all)

bench: setup swift ## measure CLMat beside its peers; ONLY=ops,lenet,cifar,vgg,ldam,kmeans,lda,lda-quality,lm,window,history, JSON=FILE and TOPICS=32,128 pass options
	@if [ -n "$(PEERED)" ] && [ "$(PYTHON)" = "$(PEERS)/bin/python" ] && ! [ -x $(PEERS)/bin/python ]; then \
		rm -rf $(PEERS) && python3 -m venv $(PEERS) && \
		$(PEERS)/bin/pip install --quiet filelock typing-extensions sympy networkx jinja2 fsspec setuptools numpy && \
		$(PEERS)/bin/pip install --quiet --no-deps $(if $(WHEELS),--no-index --find-links $(WHEELS)) torch || \
		{ rm -rf $(PEERS); echo "The peers could not be installed; 'apt-get install python3-venv' may be missing." >&2; exit 1; }; \
	fi
	@if [ -n "$(PEERED)" ] && [ "$(PYTHON)" = "$(PEERS)/bin/python" ] && ! $(PYTHON) -c "import sklearn, faiss" 2> /dev/null; then \
		$(PEERS)/bin/pip install --quiet scikit-learn faiss-cpu || \
		{ echo "scikit-learn and faiss could not be installed; ONLY=ops,lenet,ldam does without." >&2; exit 1; }; \
	fi
	@if [ -n "$(PEERED)" ] && [ "$(PYTHON)" = "$(PEERS)/bin/python" ] && ! $(PYTHON) -c "import gensim, tomotopy" 2> /dev/null; then \
		$(PEERS)/bin/pip install --quiet gensim tomotopy || \
		{ echo "gensim and tomotopy could not be installed; ONLY=ops,lenet,ldam,kmeans does without." >&2; exit 1; }; \
	fi
	swift build -c release --product bench
	.build/release/bench $(if $(PEERED),--python $(PYTHON)) $(if $(ONLY),--only $(ONLY)) $(if $(JSON),--json $(JSON)) \
		$(if $(TOPICS),--topics $(TOPICS))

test-portability: setup-portability swift ## run the kernel tests on PoCL, Oclgrind, Intel's runtime, rusticl and the CPU, and with CLBlast's products; ONLY=pocl,rusticl chooses
	swift build --build-tests $(TEST_FLAGS)
	ONLY="$(ONLY)" Tests/portability.sh

# Swift Testing's library is a shared one, so the tests carry Swift's libraries with them; the program does without.
GPU_FLAGS = -c release -Xswiftc -enable-testing --scratch-path .build-gpu
GPU_ARCHIVE = .build/check-gpu.tar.xz

check-gpu: setup swift ## pack a program that checks a GPU into .build/check-gpu.tar.xz, and run it here if there is one; ARGS="--device pocl" passes options
	CLMAT_CHECK_GPU=1 swift build $(GPU_FLAGS) --build-tests
	CLMAT_CHECK_GPU=1 swift build $(GPU_FLAGS) --static-swift-stdlib --product check-gpu
	samples/check-gpu/pack.sh .build-gpu/release $(GPU_ARCHIVE)
	rm -rf .build/check-gpu && tar -C .build -xf $(GPU_ARCHIVE)
	.build/check-gpu/check-gpu $(ARGS) || [ $$? = 2 ]

# A run that pauses at the step of its picture has controls that can be moved, as a person sees them. A script draws the
# picture of its moment into the current directory.
PICTURES = docs
EXPLORE = $(CURDIR)/.build/release/explore
DRAW = $(EXPLORE) $(1) --quiet --pictures none $$options $(PICTURES)/$(2)-$$theme-$${size%x*}.png || exit 1

pictures: setup-pictures swift ## draw each window dark and light, large and small, and a film, into PICTURES=docs; needs CLMAT_DATA
	swift build -c release --product explore
	mkdir -p $(PICTURES)
	for theme in dark light; do for size in 1600x1000 1280x720; do \
		options="--theme $$theme --size $$size --screenshot"; \
		$(call DRAW,ldam --data mnist --steps 1501 --at-step 1500,ldam-mnist); \
		$(call DRAW,ldam --steps 1501 --at-step 1500,ldam-fashion); \
		$(call DRAW,ldam --data mnist --steps 1501 --at-step 1500 --set diversity=0.6@600,ldam-varied); \
		$(call DRAW,ldam --data mnist --preset dissertation --steps 1801 --at-step 1800,ldam-dissertation); \
		$(call DRAW,ldam --data mnist --preset dissertation --steps 1801 --at-step 1800 --set training-noise=0.5@600,ldam-noise); \
		$(call DRAW,kmeans --data mnist --steps 501 --at-step 500 --set reseeding=off --set size-weight=0.02@300 \
			--set size-weight=3@400 --set size-weight=0.0001@450,kmeans-mnist); \
		$(call DRAW,nmf --data mnist --steps 301 --at-step 300 --set sparseness=0.1@200,nmf-mnist); \
		$(call DRAW,lda --data 20newsgroups --steps 601 --at-step 600 --set l1=1@400 --set cosine-sim=0.02@480,lda-20newsgroups); \
		$(call DRAW,lm --steps 1001 --at-step 1000 --set output-l1=0.0005@300,lm-ptb); \
		$(call DRAW,ctr --activation relu --plain-sums --width 33 --pairs --steps 901 --at-step 900 --set click-weight=3@700,ctr-synthetic); \
		$(call DRAW,kmeans --data mnist --steps 121 --play samples/scripts/kmeans-comparison.json,comparison); \
		(cd $(PICTURES) && $(EXPLORE) kmeans --data mnist --steps 121 --quiet --pictures none --headless --theme $$theme \
			--size $$size --play $(CURDIR)/samples/scripts/kmeans-history.json && \
			mv kmeans-history.png history-$$theme-$${size%x*}.png) || exit 1; \
	done; done
	$(EXPLORE) ldam --data mnist --chains 4 --headless --quiet --pictures none --steps 900 --set diversity=0.6@500 --film $(PICTURES)/ldam-mnist.gif

# The documentation of each library, with links from one to another. CLMAT_DOCS has the package fetch Swift-DocC's plugin, which
# no other build needs: hence a folder of its own. Parameters that need no words have none.
DOCS = .build/docs
DOCUMENTED = $(basename $(notdir $(wildcard Sources/*/*.docc)))

docs: setup swift ## build the documentation into .build/docs; python3 -m http.server -d .build/docs, then open localhost:8000/documentation
	mkdir -p $(DOCS)
	CLMAT_DOCS=1 swift package --scratch-path .build-docs --allow-writing-to-directory $(DOCS) generate-documentation \
		$(DOCUMENTED:%=--target %) --enable-experimental-combined-documentation --warnings-as-errors \
		--disable-parameters-and-returns-validation --output-path $(DOCS)

format: swift ## bring all Swift files into the project's format
	swift format --in-place --parallel --recursive Package.swift Sources Tests samples

swift:
	@command -v swift > /dev/null || \
		{ echo "There is no swift on the PATH. CLMat needs Swift 6.3: https://www.swift.org/install/linux/" >&2; exit 1; }

# $(call install,PACKAGES): installs what is missing; the network is asked only then.
define install
@if ! command -v apt-get > /dev/null || ! command -v dpkg-query > /dev/null; then \
	echo "This system has no apt. CLMat needs the development files of OpenCL, CLBlast, OpenBLAS, SDL2, Dear ImGui 1.86," \
		"stb, fontconfig, FriBidi and zlib, pkg-config, and the font DejaVu; going on as if they were there." >&2; \
	exit 0; \
fi; \
installed=" $$(dpkg-query --show --showformat='$${db:Status-Status}:$${Package} ' $(1) 2> /dev/null)"; \
missing=; \
for package in $(1); do \
	case "$$installed" in *" installed:$$package "*) ;; *) missing="$$missing $$package" ;; esac; \
done; \
[ -n "$$missing" ] || exit 0; \
if [ "$$(id -u)" = 0 ]; then root=; \
elif command -v sudo > /dev/null; then root=sudo; \
else \
	echo "These packages are missing:$$missing" >&2; \
	echo "You are not root and there is no sudo. Ask an administrator for: apt-get install$$missing" >&2; \
	exit 1; \
fi; \
echo "Installing$$missing"; \
$$root apt-get update || echo "The package lists could not be renewed; going on with those that are here." >&2; \
$$root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends $$missing || \
	{ echo "apt-get could not install$$missing. Its words stand above." >&2; exit 1; }
endef

# A thin cover over meson for people who want two commands: `make run` and `make test`.
# Everything else is meson's: see CONTRIBUTING.md.

BUILD  ?= build
PREFIX ?= /usr/local

# The build tools parallelise by themselves.
.NOTPARALLEL:
.PHONY: all run test build install dist deb check-long gpu-folder clean packages

all: build

packages:
	@build-aux/install-packages.sh $(BUILD)

build: packages
	@build-aux/configure-and-build.sh $(BUILD)

run: build
	@build-aux/run.sh $(BUILD)

test: build
	@tests/run $(BUILD)

install: packages
	@build-aux/configure-and-build.sh $(BUILD) --prefix=$(abspath $(PREFIX))
	@meson install -C $(BUILD) --no-rebuild --quiet

# dist/clip2latent-VERSION.tar.xz of what is committed; the same commit gives the same bytes.
dist:
	@build-aux/dist.sh dist

# Debian packages of what is committed, in dist/deb, with the CUDA module where nvcc is; PROFILES=… takes build profiles instead (build-aux/deb.sh).
deb: packages
	@build-aux/install-packages.sh $(BUILD) build-aux/packages-deb.txt
	@build-aux/deb.sh dist/deb $(PROFILES)

# Sanitizers, long fuzzing, kill tests: about an hour.
check-long: packages
	@tests/check-long

# What a machine with a GPU needs to test and measure on it (bench/gpu.sh), in build/gpu; PEERS=FOLDER carries the original's networks, too.
gpu-folder: build
	@ninja -C $(BUILD) bench/train
	@bench/gpu-folder $(BUILD) $(BUILD)/gpu $(PEERS)

clean:
	@rm -rf $(BUILD) dist build-asan build-fuzz build-tsan

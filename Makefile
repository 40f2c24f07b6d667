# facetrail: one program, built by `make`. `make help` lists the targets.
.DEFAULT_GOAL := all
V ?= release
B := build/$(V)$(if $(CUDA),-cuda)
PACKAGES := libavcodec libavformat libavutil libswscale libavdevice openblas sdl2 cairo pangocairo sqlite3 jansson libxxhash
WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla $(if $(WERROR),-Werror)
FLAGS_release := -O3
FLAGS_asan := -O1 -fsanitize=address -fno-omit-frame-pointer
FLAGS_ubsan := -O1 -fsanitize=undefined -fno-sanitize-recover=undefined
FLAGS_tsan := -O1 -fsanitize=thread
# `make VERBOSE=1` prints whole commands.
say = $(if $(VERBOSE),,@echo '  $(1) $(2)'; )
# Asked once, and only when something is compiled.
PKG_CFLAGS = $(eval PKG_CFLAGS := $(shell pkg-config --cflags $(PACKAGES)))$(PKG_CFLAGS)
PKG_LIBS = $(eval PKG_LIBS := $(shell pkg-config --libs $(PACKAGES)) -lm $(CUDA_LIBS))$(PKG_LIBS)
CFLAGS_ALL = -std=c17 -D_GNU_SOURCE -g $(FLAGS_$(V)) -fno-math-errno -fno-trapping-math -pthread $(WARN) -I. $(PKG_CFLAGS) $(CFLAGS)
LDFLAGS_ALL = $(FLAGS_$(V)) -pthread $(LDFLAGS)

SETS := sse2 avx2 avx512 vpopcnt bf16 amx
VECTOR := kernels_vector kernels_rows kernels_product kernels_depthwise kernels_depthwise_back kernels_half kernels_tiles kernels_int8 kernels_int8_avx2 kernels_winograd kernels_warp
SOURCES := $(filter-out $(VECTOR:%=base/%.c),$(wildcard base/*.c nets/*.c nets/layers/*.c nets/models/*.c nets/gpu/*.c capture/*.c detector/*.c \
             recognizer/*.c tracker/*.c train/*.c pipeline/*.c))
OBJECTS := $(SOURCES:%.c=$(B)/%.o) $(foreach set,$(SETS),$(VECTOR:%=$(B)/base/%.$(set).o))
LIBRARY := $(filter-out $(B)/pipeline/main.o,$(OBJECTS))
TESTS := $(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/test_*.c))

all: facetrail ## the program, in build/release, and ./facetrail pointing at it

facetrail: $(B)/facetrail
	@ln -sf $(B)/facetrail $@
.PHONY: facetrail
$(B)/facetrail: $(OBJECTS)
	$(call say,link,$@)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(PKG_LIBS)
# `make CUDA=1`: the accelerator's sources (nets/gpu) are kernels for NVIDIA GPUs from Turing on. Without it they are
# plain C, the twin that the tests compare.
ifdef CUDA
NVCC ?= $(or $(shell command -v nvcc),/usr/local/cuda/bin/nvcc)
CUDA_LIBS := -L$(dir $(NVCC))../lib64 -lcublas -lcudart -lstdc++
CUDA_ARCHS ?= 75 80 86 89 90
NVCC_FLAGS := -x cu -O3 -std=c++17 -DFACETRAIL_CUDA -I. -Wno-deprecated-gpu-targets \
              $(foreach arch,$(CUDA_ARCHS),-gencode arch=compute_$(arch),code=sm_$(arch)) \
              -gencode arch=compute_$(lastword $(CUDA_ARCHS)),code=compute_$(lastword $(CUDA_ARCHS))
KERNEL_SOURCES := $(filter-out nets/gpu/learner.c nets/gpu/device_plain.c,$(wildcard nets/gpu/*.c))
$(KERNEL_SOURCES:%.c=$(B)/%.o): $(B)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,compile,$< for CUDA)$(NVCC) $(NVCC_FLAGS) -MMD -MP -c -o $@ $<
$(B)/nets/gpu/device_plain.o: CFLAGS += -DFACETRAIL_CUDA
endif
$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,compile,$<)$(CC) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<
# The fast loops, once per instruction set; which one runs is decided at start-up (base/kernels.c).
FLAGS_VECTOR := -fopenmp-simd -ffp-contract=fast -fno-tree-loop-distribute-patterns
FLAGS_sse2 :=
FLAGS_avx2 := -mavx2 -mfma -mpopcnt
FLAGS_avx512 := -mavx512f -mavx512bw -mavx512vl -mavx512dq -mfma -mpopcnt -mprefer-vector-width=512
FLAGS_vpopcnt := $(FLAGS_avx512) -mavx512vpopcntdq -mavx512vnni
FLAGS_bf16 := $(FLAGS_vpopcnt) -mavx512bf16
FLAGS_amx := $(FLAGS_bf16) -mamx-tile -mamx-bf16
define vector_rule
$$(B)/base/%.$(1).o: base/%.c
	@mkdir -p $$(@D)
	$$(call say,compile,$$< for $(1))$$(CC) $$(CFLAGS_ALL) $$(FLAGS_VECTOR) $$(FLAGS_$(1)) -DKERNELS=$(1) -MMD -MP -c -o $$@ $$<
endef
$(foreach set,$(SETS),$(eval $(call vector_rule,$(set))))
$(B)/tests/test_%: $(B)/tests/test_%.o $(B)/tests/kit.o $(LIBRARY)
	$(call say,link,$@)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(PKG_LIBS) -lcmocka
.SECONDARY:
-include $(OBJECTS:.o=.d) $(wildcard $(B)/tests/*.d)

tests: $(TESTS)
test: packages ## everything under two minutes; `make test T=queue` runs one test program
	@$(MAKE) --no-print-directory $(B)/facetrail $(if $(T),$(B)/tests/test_$(T),tests)
	@tests/run.sh $(B) $(if $(T),test_$(T),)
asan ubsan tsan: ## the tests again, instrumented
	@ASAN_OPTIONS=detect_stack_use_after_return=1 LSAN_OPTIONS=suppressions=tests/suppressions/lsan.txt:print_suppressions=0 \
	 TSAN_OPTIONS=suppressions=tests/suppressions/tsan.txt UBSAN_OPTIONS=print_stacktrace=1 $(MAKE) V=$@ test
$(B)/bench_%: tests/bench/bench_%.c $(LIBRARY)
	$(call say,link,$@)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^ $(PKG_LIBS)
bench: $(B)/bench_nets $(B)/bench_search $(B)/bench_tracks $(B)/tests/test_kernels $(B)/facetrail ## kernels, nets, search, tracks, pipeline; ratios to OpenBLAS in the same run
	@$(B)/tests/test_kernels --bench
	@env -u OPENBLAS_CORETYPE $(B)/bench_nets
	@$(B)/bench_search
	@$(B)/bench_tracks
	@env -u OPENBLAS_CORETYPE $(B)/facetrail eval speed
demo: packages ## the main job on a clip made from public-domain photographs; says where the video is
	@$(MAKE) --no-print-directory all
	@sh tests/demo.sh $(B)
packages: ## installs the Debian packages that are missing
	@sh tests/install_packages.sh
configs: $(B)/facetrail ## writes configs/default.conf: every option with its default
	@$< help --configuration >configs/default.conf
man: $(B)/facetrail ## writes docs/facetrail.1
	@$< help --man >docs/facetrail.1
lint: ## layers, doors, file sizes
	@sh tests/check_layers.sh
clean: ## removes build/
	rm -rf build facetrail
help: ## this list
	@sed -n 's/^\([a-z][a-z ]*\):.*## \(.*\)/\1	\2/p' Makefile | expand -t 16

.PHONY: all packages demo configs man tests test bench asan ubsan tsan lint clean help

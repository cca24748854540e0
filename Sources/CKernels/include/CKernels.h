// The CPU kernels: one header per family, one body per kernel, one build of it per instruction set.
#pragma once
#include "depthwise_conv2d.h"
#include "epilogue.h"
#include "executor.h"
#include "gemm.h"
#include "isa.h"
#include "peak.h"

import pytest

from voice_server.engines.base import DeviceLostError, EngineError, OutOfMemoryError
from voice_server.engines.torch_thread import translated


@pytest.mark.parametrize(
    "said",
    [
        "CUDA error: out of memory",
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED",
        "cuFFT error: CUFFT_ALLOC_FAILED",
        'NVML_SUCCESS == r INTERNAL ASSERT FAILED at "/pytorch/c10/cuda/CUDACachingAllocator.cpp":1016, please report',
        "[enforce fail at alloc_cpu.cpp:119] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to",
    ],
)
def test_memory_that_does_not_suffice_has_many_names(said: str) -> None:
    assert isinstance(translated(RuntimeError(said)), OutOfMemoryError)


@pytest.mark.parametrize(
    "said",
    [
        "CUDA error: device-side assert triggered\nCUDA kernel errors might be asynchronously reported",
        "CUDA error: an illegal memory access was encountered",
        "CUDA error: unspecified launch failure",
        "CUDA driver error: unknown error",
        "CUDA error: CUBLAS_STATUS_EXECUTION_FAILED when calling `cublasSgemm( handle, opa)`",
        "cuDNN error: CUDNN_STATUS_EXECUTION_FAILED_CUDART",
    ],
)
def test_a_card_that_no_longer_computes_is_lost(said: str) -> None:
    assert isinstance(translated(RuntimeError(said)), DeviceLostError)


@pytest.mark.parametrize(
    "said",
    [
        "cuDNN error: CUDNN_STATUS_NOT_SUPPORTED. This error may appear if you passed in a non-contiguous input.",
        "CUDA error: CUBLAS_STATUS_INVALID_VALUE when calling `cublasSgemm( handle, opa)`",
        "The size of tensor a (3) must match the size of tensor b (4) at non-singleton dimension 0",
    ],
)
def test_what_cannot_be_computed_leaves_the_card_as_good_as_before(said: str) -> None:
    assert type(translated(RuntimeError(said))) is EngineError

"""The words that fields of choice take, each with its other spellings; "" stands for what is usual."""

from __future__ import annotations


def _choices(**spellings: str) -> dict[str, str]:
    """Names by the words that mean them; a double underscore of a name stands for its hyphen."""
    names = {name.replace("__", "-"): words.split() for name, words in spellings.items()}
    return {word: name for name, words in names.items() for word in [name, *words]}


PRECISIONS = _choices(
    bf16="bfloat16 bfloat bf brain-float mixed-bf16 bf16-mixed bf16-true mixed-bfloat16",
    fp16="float16 half f16 fp16-mixed mixed-fp16 mixed-float16",
    fp32="float32 float f32 single full-precision fp32-true",
    tf32="tensorfloat32 tensor-float-32",
    fp8="float8 e4m3 e5m2 fp8-e4m3 fp8-e5m2 f8",
    fp4="float4 nvfp4 mxfp4 f4",
    int8="8bit 8-bit 8bits 8-bits i8 w8a8 w8a16 q8 q8_0 q8_k smoothquant llm-int8",
    int4="4bit 4-bit 4bits 4-bits i4 w4a16 w4a8 awq gptq nf4 q4 q4_0 q4_1 q4_k q4_k_m q4_k_s iq4_xs iq4_nl gguf-q4",
) | dict.fromkeys(("mixed", "mixed-precision", "amp", "auto", "default", "16bit", "16-bit", "16-bits"), "")
METHODS = _choices(
    lora="peft adapter adapters rslora lora-plus",
    qlora="q-lora lora-4bit 4bit-lora",
    full="full-fine-tune full-finetune full-finetuning full-fine-tuning sft full-parameter full-ft fft",
    dora="use-dora",
    qdora="q-dora",
)
OPTIMIZERS = _choices(
    adamw="adam adamw_torch adamw_torch_fused adamw_fused fused-adam fusedadam adamw_hf adamw_apex_fused torch-adamw "
    "paged_adamw paged_adamw_32bit paged-adamw nadam radam distributed-adam megatron-adam deepspeedcpuadam",
    adamw__8bit="adamw_8bit adam8bit adamw8bit adam_8bit adam-8bit paged_adamw_8bit paged-adamw-8bit adamw_bnb_8bit "
    "8bit-adam 8bit-adamw 8-bit-adam 8-bit-adamw 8bit adamw_torch_8bit",
    sgd="momentum sgd-momentum nesterov",
    lion="lion_32bit",
    lion__8bit="lion_8bit paged_lion_8bit",
    muon="",
    adafactor="",
    lamb="",
    lars="",
    sophia="",
    rmsprop="",
    adagrad="",
)
SEQ_MODES = _choices(
    packed="packing pack true yes on concat concatenated constant fixed",
    padded="padding pad false no off dynamic longest",
    unpadded="varlen ragged",
    filled="max_length max-length",
)
LATENTS = _choices(cached="precomputed pre-computed yes on true", computed="no off false")
RECOMPUTE = _choices(
    none="no off false",
    selective="partial",
    full="yes on true activation-checkpointing gradient-checkpointing checkpointing",
)
MARKETS = _choices(
    on__demand="ondemand on_demand od list",
    spot="spots preemptible",
    savings__plan="savings savings_plan sp plan reserved ri",
    savings__plan__1y="savings_plan_1y plan-1y 1y 1-year",
    savings__plan__3y="savings_plan_3y plan-3y 3y 3-year",
    capacity__block="capacity_block capacity-blocks",
) | {"any": "", "all": ""}
FAMILIES = _choices(
    decoder="llm gpt causal",
    encoder="",
    encoder__decoder="seq2seq",
    vision="cnn image vit",
    diffusion="",
    audio="speech",
)
VENDORS = _choices(
    nvidia="cuda geforce tesla",
    aws="amazon neuron annapurna",
    amd="rocm",
    intel="habana",
    google="tpu",
    qualcomm="",
    cpu="cpus",
    gpu="gpus",
)
KINDS = _choices(
    train="training pretrain pre-train pretraining pre-training",
    finetune="fine-tune finetuning fine-tuning finetuned sft tune fine_tune",
    infer="inference serve serving host hosting deploy predict",
    pipeline="train-and-serve train+infer",
)
PREFER = _choices(cheapest="cheap cost price", fastest="fast time speed", balance="balanced both")

# Settings of a trainer that change neither time nor cost.
_HARMLESS = """
lr learning_rate warmup warmup_steps warmup_ratio weight_decay wd dropout lora_dropout seed alpha lora_alpha top_p
temperature gradient_accumulation_steps grad_accum lr_scheduler scheduler betas eps clip logging_steps eval_steps
save_steps num_workers
"""
HARMLESS = frozenset(_HARMLESS.split())

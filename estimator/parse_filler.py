"""Words that say little: hints at what is wanted, what leads to a description, and those that say nothing."""

from __future__ import annotations

from functools import lru_cache

from estimator.parse_choices import MARKETS, METHODS, PRECISIONS, VENDORS
from estimator.parse_keys import BY_WORD
from estimator.parse_names import PLACES

# Without another verb these still say what is wanted.
HINTS = {
    "train": """
train trained trains learn learning
""",
    "finetune": """
adapt adapting customise customize finetuned
""",
    "infer": """
run running answer answers answering classify classification classifying generate generation generating embed
embedding embeddings embeddings transcribe transcription translate translation summarise summarize
summarization summarisation predictions throughput latency scoring score inferences fit fits detect detection
recognise recognize recognition replicas qps requests rerank reranking rank retrieve retrieval respond reply infer
process processing summarising summarizing caption captioning tag tagging moderate
""",
}
# Where nothing else says what is wanted, these ask what it takes to run a model.
_WEAK = """
need needs needed fast speed gpu gpus card cards vram memory host hardware machine instance run
"""
WEAK = frozenset(_WEAK.split())
# Words that would say something with a figure or a name; without one they are told not to count.
_SAYS_LITTLE = """
nightly daily weekly monthly yearly hourly deadline budget storage production prod accuracy quality tomorrow today
sharded distributed multi cluster limit affordable reasonable minimal
"""
SAYS_LITTLE = frozenset(_SAYS_LITTLE.split())
HINT_OF = {word: kind for kind, words in HINTS.items() for word in words.split()}

_FILLER = """
eta asap pls plz thx hyperparameter hyperparameters hyper-parameter hpo continue continued continual gpt llm's sagemaker
avg mean median respectively thanks roughly ballpark quickly currently got gotta wanna gonna lol ok hmm hi yo guys folks
params param biggest hourly pairs preference preferred dense toks tok req reqs vs. i'd i'm we're it's what's how's
a about above accelerated accelerator accelerators accumulation accuracy accurate across actually adapter affordable
after against all along already also always am amazon amount an and another any anyone anything api app application
approach approx approximately are area around as ask assistant at attention available average aws base based be
because been before being below best better between big bilingual both budget business but buy by can card cards
case center chance chat chatbot cheap check checkpoint checkpoints chip chips choice choose cloud cluster clusters
comma company compare compared comparison compute computing concurrent considering corpus cost costing costs could
couple cpu cpus currently custom customer customers daily data dataset datasets day days deadline deal dear decide
default demand demo dense distributed do does doing dollars done down dozen during each ec2 effective efficient
eight either else endpoint english enough epoch epochs equivalent especially estimate estimated estimates estimating
etc even ever every everything exactly example examples expect expected expensive experiment experiments experts
fast feasible few figure find fine finish first fit fits fitting five flash for foundation four fp from full fully
gb get gets getting give given giving go goal going good gpu gpus gradient great group guess had half hardware has
have having hello help her here hey hi high higher his hour hours how hundred i id idea if im images in including
inside instance instances instead instruct instruction instructions into is it its job jobs just keep kind know
language large largest last latencies latency latest learning least less let lets like likely limit limits live llm
llms load local long longer look looking lot low lower lowest machine machines main make makes making manage many
market matter max maximum may maybe me mean memory might min mind mine minimal minimum minutes mixed mixture model
models modern moe money month monthly months more most mostly much multi multilingual must my name need needed needs
network neural new newest next nice nightly nine no node nodes not now number numbers of off offer ok okay old on
once one online only open optimizer option options or order other others our out over overall own pair paper
parallel parallelism part parts pass passes pay per per-month performance perhaps period pick piece pilot plan
planning plans please plus poc point possible pre-trained precision prefer preferably preferred pretrained price
prices pricing prod production project prompt prompts provide provision purchase put quality queries query question
questions quick quickly quite ram rate rates rather re real really reasonable recommend recommended region regions
rent replicate reproduce request requests require required requirements requires research result results right
roughly rule run running runs safe said same sample samples save say scale second seconds see seems sequence
sequences server servers service set setup seven several sharded sharding she should show similar simple simply
since single six size sized sizes small smaller smallest so some someone something soon sort space spend spending
standard start starting startup still storage style such suggest suggestion suitable support sure sweep system take
takes taking talk task tasks team tell ten tensor test than thank thanks that the their them then there theres these
they thing things think this those thousand three through thus till time times to today together token tokens
tomorrow too took total totally toward towards traffic trained transformer transformers try trying two type types
typical typically under until up upto us usage use used user users uses using usual usually v value variant version
versus very via vision volume vram vs want wanted wants was way we week weekly weeks weights well were what whatever
whats when where whether which while who why will wise with within without won wonder wondering work worked working
workload works worst worth would write wrong year yearly years yes yet you your yours
"""
FILLER = frozenset(_FILLER.split())
# After these, a word of no other meaning is a description: "on our legal contracts".
_LEADS = """
on of for from about our my their the a an with in over some using your and new internal company proprietary
to small big large or as into by
"""
LEADS = frozenset(_LEADS.split())
_SPECIAL = """
finetune fine-tune training train pretrain inference serve serving deploy pipeline spot on-demand epochs tokens samples
nvidia trainium inferentia deepspeed megatron unsloth vllm tensorrt within under savings qlora lora
"""


@lru_cache(maxsize=1)
def vocabulary() -> tuple[str, ...]:
    """The words whose misspelling is worth asking about."""
    words = {word.replace("_", "-") for word in BY_WORD if len(word) > 3}
    words |= {word for table in (PRECISIONS, METHODS, MARKETS, VENDORS) for word in table if len(word) > 3}
    words |= {word for word in (*HINT_OF, *PLACES) if len(word) > 4}
    return tuple(sorted(words.union(_SPECIAL.split())))

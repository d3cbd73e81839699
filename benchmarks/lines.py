"""A case's line -> what the estimator takes."""
from __future__ import annotations
import re
from benchmarks.cases import Case
from data import Catalog
from estimator.result import Cluster
from estimator.workload import FineTuning, ModelSpec, Parallel, Training
FIELDS='params active_params layers hidden heads kv_heads head_dim ffn vocab experts experts_per_token kv_rank context family gflops_per_sample'.split()
def model(m, C):
    if isinstance(m,str): m={'name':m}
    name=m['name'];cat=None
    for n in (name, re.sub(r'huggingface|pre-training|fine-tuning|\(.*?\)','',name,flags=re.I).strip(), re.sub('widese-','',name)):
        try: cat=C.model(n);break
        except KeyError: pass
    if 'Perveriver' in name: m=dict(m,gflops_per_sample=367.0,params=60e6)
    d={}
    for f in FIELDS:
        v=m.get('seq_len' if f=='context' else f)
        if v is None and cat is not None and (m.get('params') is None or abs(cat.params/m['params']-1)<.15): v=getattr(cat,f)
        if v is not None: d[f]=v
    if cat and 'tied' not in m and not m.get('layers'): d['tied']=cat.tied
    d.setdefault('params',0.0)
    return ModelSpec(name=name,**d)
def read(case: Case, catalog: Catalog):
    i=case.line
    p=i.get('parallel') or {}
    par=Parallel(**{k:p.get(k) for k in('tp','pp','cp','ep','dp')},sharding=p.get('sharding') or '')
    kw=dict(model=model(i['model'],catalog),precision=i.get('precision'),framework=i.get('framework'),parallel=par)
    for k in('tokens','samples','epochs','seq_len','seq_mode','global_batch','micro_batch','recompute','optimizer'): kw[k]=i.get(k)
    h=i['hardware'];chip=catalog.chip(h['accelerator'])
    per=h.get('per_node') or min(h['count'],16 if 'Train' in chip.name else 8)
    k=Cluster(chip,h['count'],per)
    if i['kind']=='finetune': return FineTuning(method=i.get('method'),lora_rank=i.get('lora_rank'),**kw),k
    return Training(**kw),k

# What accelerators the machine sees, written once where its owner looks.
{
  if command -v nvidia-smi >/dev/null; then nvidia-smi
  elif command -v neuron-ls >/dev/null; then neuron-ls
  elif [ -x /opt/aws/neuron/bin/neuron-ls ]; then /opt/aws/neuron/bin/neuron-ls
  else echo "no accelerator tools on this image"
  fi
} >/var/log/mlbot-accelerator.txt 2>&1

# Jupyter for the login user, on the loopback address alone; reached through a tunnel, with the token in its log.
for place in /opt/pytorch/bin /opt/aws_neuronx_venv_pytorch/bin /usr/local/bin /usr/bin; do
  if [ -x "$place/jupyter" ]; then
    su - "$login" -c "nohup $place/jupyter lab --ip=127.0.0.1 --port=8888 --no-browser >\$HOME/jupyter.log 2>&1 &"
    break
  fi
done

# Jupyter for the login user at each boot, on the loopback address alone; reached through a tunnel, its token in the journal.
for place in /opt/pytorch/bin /opt/aws_neuronx_venv_pytorch/bin /usr/local/bin /usr/bin; do
  if [ -x "$place/jupyter" ]; then
    cat >/etc/systemd/system/mlbot-jupyter.service <<UNIT
[Unit]
Description=Jupyter, reached through a tunnel
After=network.target

[Service]
User=$(printf '%s' "$login" | tr -d '\n' | sed 's/%/%%/g')
WorkingDirectory=~
ExecStart=$place/jupyter lab --ip=127.0.0.1 --port=8888 --no-browser
Restart=on-failure
RestartSec=5

[Install]
WantedBy=multi-user.target
UNIT
    systemctl daemon-reload
    systemctl enable --now mlbot-jupyter.service
    break
  fi
done

# A second wall: the machine shuts itself down after its end, even when nobody else does; an extension moves the tag.
# An end from before this boot is of an earlier run: somebody started the machine again and knows.
cat >/usr/local/bin/mlbot-end-guard <<'GUARD'
#!/bin/bash
imds=http://169.254.169.254/latest
booted=$(($(date -u +%s) - $(cut -d. -f1 /proc/uptime)))
while sleep 300; do
  token=$(curl -s -m 5 -X PUT "$imds/api/token" -H "X-aws-ec2-metadata-token-ttl-seconds: 60") || continue
  end=$(curl -s -f -m 5 -H "X-aws-ec2-metadata-token: $token" "$imds/meta-data/tags/instance/mlbot:until") || continue
  at=$(date -u -d "$end" +%s 2>/dev/null) || continue
  [ "$at" -gt "$booted" ] || continue
  if [ "$(date -u +%s)" -gt $((at + 60 * $1)) ]; then shutdown -h now; fi
done
GUARD
chmod 755 /usr/local/bin/mlbot-end-guard
cat >/etc/systemd/system/mlbot-end-guard.service <<UNIT
[Unit]
Description=Shuts the machine down after its planned end
After=network-online.target
Wants=network-online.target

[Service]
ExecStart=/usr/local/bin/mlbot-end-guard $(printf '%.0f' "$grace_minutes")
Restart=always
RestartSec=30

[Install]
WantedBy=multi-user.target
UNIT
systemctl daemon-reload
systemctl enable --now mlbot-end-guard.service

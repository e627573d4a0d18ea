from rest_framework import serializers


class NewTokenSerializer(serializers.Serializer):
    email = serializers.EmailField(max_length=254)
    password = serializers.CharField(max_length=512, trim_whitespace=False)
    code = serializers.CharField(
        max_length=32,
        required=False,
        help_text="Of the authenticator app, or a recovery code; where a second factor is set.",
    )
    name = serializers.CharField(max_length=60, required=False, help_text="So that the person knows the token later.")


class TokenSerializer(serializers.Serializer):
    token = serializers.CharField(help_text="Shown once. Sent as Authorization: Token …")
    expires_at = serializers.DateTimeField()


class MyTokenSerializer(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()
    created_at = serializers.DateTimeField(source="created")
    expires_at = serializers.DateTimeField(source="expiry")


class MeSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    email = serializers.EmailField()
    name = serializers.CharField()
    role = serializers.ChoiceField(choices=["runner", "therapist", "staff"])
    zone = serializers.CharField(help_text="IANA zone that instants are shown in.")

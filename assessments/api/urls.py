from django.urls import path

from assessments.api import views

urlpatterns = [
    path("assessments/", views.AssessmentsView.as_view(), name="assessments"),
    path("assessments/<uuid:assessment_id>/", views.AssessmentView.as_view(), name="assessment"),
    path("assessments/<uuid:assessment_id>/sign/", views.SignView.as_view(), name="assessment_sign"),
    path("assessments/<uuid:assessment_id>/findings/", views.FindingsView.as_view(), name="assessment_findings"),
]

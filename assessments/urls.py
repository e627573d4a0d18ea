from django.urls import path

from assessments.views import decisions, intakes, sheets, signed

app_name = "assessments"
urlpatterns = [
    path("intake/", intakes.intake, name="intake"),
    path("intake/done/", intakes.intake_done, name="intake_done"),
    path("intake/<int:pk>/clear/", intakes.clear_red_flags, name="clear_red_flags"),
    path("assessments/", signed.listing, name="list"),
    path("assessments/<uuid:assessment_id>/", sheets.edit, name="edit"),
    path("assessments/<uuid:assessment_id>/summary/", decisions.summary, name="summary"),
    path("assessments/<uuid:assessment_id>/sign/", sheets.sign, name="sign"),
    path("assessments/<uuid:assessment_id>/amend/", sheets.amend, name="amend"),
    path("assessments/<uuid:assessment_id>/programme/", decisions.programme, name="programme"),
    path("assessments/recommendations/<int:pk>/", decisions.decide, name="decide"),
    path("runners/<uuid:runner_id>/assessments/new/", sheets.new, name="new"),
]

namespace Fairlead.Patterns.Working;

/// <summary>What becomes of an item of a work queue after a worker had it. All but <see cref="Waits"/> end it.</summary>
internal enum WorkFate
{
    Waits,
    Accepted,
    GivenUp,
    TakenBack,
    GivenBack,
    Dropped,
}

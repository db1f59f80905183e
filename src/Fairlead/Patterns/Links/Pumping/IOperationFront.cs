namespace Fairlead.Patterns.Links.Pumping;

/// <summary>The task that a pattern gives out for an operation. It belongs to the operation for all its uses.</summary>
internal interface IOperationFront
{
    /// <summary>Makes the task of the use that the operation's mark names. Before the operation returns to its pool.</summary>
    void Renew();
}

namespace Fairlead.Patterns.Links;

/// <summary>The task that a pattern gives out for an operation. It belongs to the operation for all its uses.</summary>
internal interface IOperationFront
{
    /// <summary>The operation is about to return to its pool, and its mark is that of the next use.</summary>
    void Renew();
}

namespace Fairlead.Hosting;

/// <summary>What the health check reads of an endpoint. Any thread.</summary>
internal interface IEndpointStatus
{
    string Name { get; }

    /// <summary>What messages call the pattern.</summary>
    string Kind { get; }

    EndpointHealth Health { get; }
}

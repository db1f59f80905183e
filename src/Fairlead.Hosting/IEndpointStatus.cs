namespace Fairlead.Hosting;

/// <summary>What the health check reads of an endpoint. Any thread.</summary>
internal interface IEndpointStatus
{
    string Name { get; }

    /// <summary>What messages call the pattern.</summary>
    string Kind { get; }

    /// <summary>The open endpoint, if it is open.</summary>
    MessagingEndpoint? Current { get; }

    /// <summary>Why it could not be opened the last time; null after a success, and before the first attempt.</summary>
    Exception? Problem { get; }

    /// <summary>The last change of its state since it was opened.</summary>
    EndpointStateChange? Change { get; }

    HostedEndpointOptions Options { get; }
}

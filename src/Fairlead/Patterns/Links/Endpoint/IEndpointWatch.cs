namespace Fairlead.Patterns.Links.Endpoint;

/// <summary>A wait set that watches an endpoint together with other sources. No member may block.</summary>
internal interface IEndpointWatch
{
    /// <summary>An iteration has ended, and there may be something to take. Called by the pump, without a lock.</summary>
    void OnTurn();

    /// <summary>The endpoint has ended or is closing. Called under its gate.</summary>
    void OnEnd();

    /// <summary>No thread pumps the endpoint any more. Called under its gate.</summary>
    void OnRoleFree();
}

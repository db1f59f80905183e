namespace Fairlead.Patterns.Links;

/// <summary>Somebody who waits on an endpoint together with other things. Nothing here may block.</summary>
internal interface IEndpointWatch
{
    /// <summary>A turn is over: something may be there to take. By the pump, without a lock.</summary>
    void OnTurn();

    /// <summary>The endpoint has ended, or closes. Under its gate.</summary>
    void OnEnd();

    /// <summary>Nobody pumps the endpoint any more. Under its gate.</summary>
    void OnRoleFree();
}

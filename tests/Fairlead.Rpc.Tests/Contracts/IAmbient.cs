namespace Fairlead.Rpc.Tests.Contracts;

/// <summary>Reports the value of an <c>AsyncLocal</c> where its methods run.</summary>
[RpcContract]
public interface IAmbient
{
    string Seen();

    ValueTask<string> SeenAsync(CancellationToken cancellationToken = default);

    ValueTask<string> SeenByAsync(IAmbientWatcher watcher, CancellationToken cancellationToken = default);
}

/// <summary>The object of a client that the service calls.</summary>
[RpcContract]
public interface IAmbientWatcher
{
    ValueTask<string> SeenAsync(CancellationToken cancellationToken = default);
}

using Fairlead.Rpc.Instances;

namespace Fairlead.Rpc;

/// <summary>The contracts that a server offers on each of its connections, and what executes their calls.</summary>
/// <remarks>Not thread-safe. A server keeps what was added before it began.</remarks>
/// <example>
/// <c>new RpcServices().Add&lt;IClock>(clock).Add&lt;ICart>(static call => new Cart(call.Caller), RpcLifetime.Connection)</c>
/// </example>
public sealed class RpcServices
{
    private readonly List<Offer> _offers = [];

    /// <summary>The contracts, in the order in which they were added.</summary>
    public IReadOnlyList<RpcDescription> Contracts => [.. _offers.Select(static offer => offer.Contract)];

    internal IReadOnlyList<Offer> Offers => [.. _offers];

    /// <summary>Adds a contract whose calls one object executes.</summary>
    /// <typeparam name="T">The contract.</typeparam>
    /// <param name="implementation">
    /// Executes the calls, several at the same time unless <see cref="RpcServerOptions.Concurrency"/> says otherwise. It remains the
    /// caller's.
    /// </param>
    /// <returns>This object.</returns>
    /// <exception cref="ArgumentException">The contract, or one with the same members, was added before.</exception>
    /// <exception cref="FairleadException">NotSupported: T is not a contract.</exception>
    public RpcServices Add<T>(T implementation)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(implementation);
        RpcContract<T> contract = RpcContracts.Of<T>();
        return Add(new Offer(
            contract.Description,
            options => options.ConcurrencyOf(contract.Concurrency, typeof(T), implementation.GetType()),
            _ => new ServedContract(contract.Description, contract.CreateSkeleton(implementation))));
    }

    /// <summary>Adds a contract for whose calls a factory makes objects. Each is disposed at its end, if it can be.</summary>
    /// <inheritdoc cref="Add{T}(Func{RpcContext, RpcInstance{T}}, RpcLifetime)"/>
    public RpcServices Add<T>(Func<RpcContext, T> create, RpcLifetime lifetime)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(create);
        return Add(call => new RpcInstance<T>(create(call)), lifetime);
    }

    /// <summary>Adds a contract for whose calls a factory makes objects, and says how each is released.</summary>
    /// <typeparam name="T">The contract.</typeparam>
    /// <param name="create">
    /// Makes an object for the call that needs it. Several threads call it at the same time: return soon. If it throws, that call fails.
    /// The caller learns the type of the exception, or all of an <see cref="RpcException"/>. <see cref="RpcServer.HandlerFailed"/>
    /// reports the exception.
    /// </param>
    /// <param name="lifetime">How long an object executes calls.</param>
    /// <returns>This object.</returns>
    /// <exception cref="ArgumentException">The contract, or one with the same members, was added before.</exception>
    /// <exception cref="FairleadException">NotSupported: T is not a contract.</exception>
    public RpcServices Add<T>(Func<RpcContext, RpcInstance<T>> create, RpcLifetime lifetime)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(create);
        if (!Enum.IsDefined(lifetime))
        {
            throw new ArgumentOutOfRangeException(nameof(lifetime), lifetime, null);
        }

        RpcContract<T> contract = RpcContracts.Of<T>();
        return Add(new Offer(
            contract.Description,
            options => options.ConcurrencyOf(contract.Concurrency, typeof(T)),
            owner =>
            {
                InstanceFactory<T> factory = new(contract, create, owner);
                return new ServedContract(
                    contract.Description,
                    lifetime == RpcLifetime.Call
                        ? new CallInstances(factory.Make, owner)
                        : new ConnectionInstances(factory.Make, owner));
            }));
    }

    /// <exception cref="ArgumentException">There is no contract.</exception>
    internal void Check()
    {
        if (_offers.Count == 0)
        {
            throw new ArgumentException("A server needs a contract: add one to the services.", "services");
        }
    }

    private RpcServices Add(Offer offer)
    {
        // Calls name their contract by the low half of its hash, which does not contain the name.
        RpcDescription contract = offer.Contract;
        if (_offers.Find(other => other.Contract.Name == contract.Name) is not null)
        {
            throw new ArgumentException($"The contract {contract.Name} was added before: serve it a second time under another name.");
        }

        if (_offers.Find(other => (uint)other.Contract.Hash == (uint)contract.Hash) is { } same)
        {
            throw new ArgumentException(
                $"The contracts {same.Contract.Name} and {contract.Name} have the same members, so calls cannot tell them apart: serve "
                    + "them under two names.");
        }

        _offers.Add(offer);
        return this;
    }
}

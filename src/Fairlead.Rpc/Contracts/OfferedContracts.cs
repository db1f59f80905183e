namespace Fairlead.Rpc.Contracts;

/// <summary>The contracts that a server has named to a client: one, or all if it has several and lacks the one that is wanted.</summary>
internal static class OfferedContracts
{
    /// <summary>Reads what follows the status of a reply.</summary>
    /// <returns>At least one.</returns>
    /// <exception cref="RpcFormatException">It has another form.</exception>
    public static IReadOnlyList<RpcDescription> Read(ref RpcReader reader)
    {
        List<RpcDescription> offered = [];
        do
        {
            offered.Add(RpcDescription.Read(ref reader));
        }
        while (reader.Left > 0);
        reader.End();
        return offered;
    }

    /// <summary>Returns the contract for a client: the same, the one of that name, one that has all of its members, or the first.</summary>
    /// <param name="wanted">The client's contract; null: it has none.</param>
    /// <param name="offered">The contracts of the server.</param>
    public static RpcDescription Choose(RpcDescription? wanted, IReadOnlyList<RpcDescription> offered) =>
        wanted is null || offered.Count == 1
            ? offered[0]
            : offered.FirstOrDefault(one => one.Hash == wanted.Hash)
                ?? offered.FirstOrDefault(one => one.Name == wanted.Name)
                ?? offered.FirstOrDefault(one => Fits(wanted, one))
                ?? offered[0];

    private static bool Fits(RpcDescription wanted, RpcDescription offered)
    {
        _ = ContractMatch.Compare(wanted, offered, out IReadOnlyList<string> differences);
        return differences.Count == 0;
    }
}

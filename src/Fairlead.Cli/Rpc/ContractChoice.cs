using Fairlead.Cli.Output;
using Fairlead.Rpc;

namespace Fairlead.Cli.Rpc;

/// <summary>Chooses between the contracts of one service.</summary>
internal static class ContractChoice
{
    /// <summary>Returns the contracts that a user has named, or all.</summary>
    /// <param name="offered">Those of the service.</param>
    /// <param name="name">The full name of one, or what follows its last dot; null: all.</param>
    /// <param name="service">The service, for errors.</param>
    /// <exception cref="ToolException">Usage: there is none of that name.</exception>
    public static IReadOnlyList<RpcDescription> Named(IReadOnlyList<RpcDescription> offered, string? name, string service)
    {
        if (name is null)
        {
            return offered;
        }

        RpcDescription[] found = [.. offered.Where(one => one.Name == name)];
        found = found.Length > 0 ? found : [.. offered.Where(one => one.Name.EndsWith($".{name}", StringComparison.Ordinal))];
        return found.Length > 0
            ? found
            : throw ToolException.Usage($"{service} has no contract '{VisibleText.OneLine(name)}'. It offers {Names(offered)}");
    }

    /// <summary>Returns the only contract.</summary>
    /// <exception cref="ToolException">Usage: there are several.</exception>
    public static RpcDescription Single(IReadOnlyList<RpcDescription> contracts, string service) => contracts is [var single]
        ? single
        : throw ToolException.Usage($"{service} offers {Names(contracts)}: choose one with --contract");

    /// <summary>Returns the only contract that has a member.</summary>
    /// <exception cref="ToolException">Usage: none has it, or several have it.</exception>
    public static RpcDescription WithMember(IReadOnlyList<RpcDescription> contracts, string member, string service)
    {
        if (contracts is [var single])
        {
            return single;
        }

        RpcDescription[] found = [.. contracts.Where(one => MemberCall.Has(one, member))];
        return found switch
        {
            [var one] => one,
            [] => throw ToolException.Usage(
                $"{service} has no member '{VisibleText.OneLine(member)}'. fairlead describe {service} prints the members of its "
                    + $"contracts, {Names(contracts)}"),
            _ => throw ToolException.Usage(
                $"'{VisibleText.OneLine(member)}' is a member of {Names(found)} of {service}: choose one with --contract"),
        };
    }

    private static string Names(IReadOnlyList<RpcDescription> contracts) =>
        string.Join(", ", contracts.Select(static one => one.Name));
}

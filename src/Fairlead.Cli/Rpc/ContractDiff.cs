using Fairlead.Cli.Output;
using Fairlead.Rpc;

namespace Fairlead.Cli.Rpc;

/// <summary>Compares two contracts, member by member, as clients and servers do when they meet.</summary>
internal static class ContractDiff
{
    /// <summary>Returns the members in which they differ: those of the old contract in its order, then the new ones.</summary>
    public static IReadOnlyList<DifferenceLine> Compare(RpcDescription old, RpcDescription latest)
    {
        Dictionary<string, RpcMember> before = ByName(old);
        Dictionary<string, RpcMember> after = ByName(latest);
        List<DifferenceLine> lines = [];
        foreach (RpcMember member in before.Values)
        {
            if (!after.TryGetValue(member.Name, out RpcMember? other))
            {
                lines.Add(Line("removed", member, null));
            }
            else if (!member.Understands(other))
            {
                lines.Add(Line("changed", member, other));
            }
            else if (member.ToString() != other.ToString())
            {
                lines.Add(Line("redeclared", member, other));
            }
        }

        lines.AddRange(after.Values.Where(member => !before.ContainsKey(member.Name)).Select(static member => Line("added", null, member)));
        return lines;
    }

    private static DifferenceLine Line(string change, RpcMember? old, RpcMember? latest)
    {
        string? before = old?.ToString();
        string? after = latest?.ToString();
        if (change == "changed" && before == after)
        {
            // Two types of one name, whose insides differ.
            before += $" with {old!.Shape}";
            after += $" with {latest!.Shape}";
        }

        return new DifferenceLine
        {
            Member = (old ?? latest)!.Name,
            Change = change,
            BreaksOldClients = change is "removed" or "changed",
            BreaksNewClients = change is "added" or "changed",
            Old = before,
            New = after,
        };
    }

    private static Dictionary<string, RpcMember> ByName(RpcDescription contract)
    {
        Dictionary<string, RpcMember> members = new(StringComparer.Ordinal);
        foreach (RpcMember member in contract.Members)
        {
            members.TryAdd(member.Name, member);
        }

        return members;
    }
}

namespace Fairlead.Rpc.Contracts;

/// <summary>Compares the contract of a client with that of its server. Matches members by their names.</summary>
internal static class ContractMatch
{
    /// <summary>The number of a member that the server does not offer as the client knows it.</summary>
    public const ushort Missing = ushort.MaxValue;

    /// <summary>Returns the server's number of each member of the client, or <see cref="Missing"/>.</summary>
    /// <param name="wanted">The client's contract.</param>
    /// <param name="offered">The server's contract.</param>
    /// <param name="differences">A sentence for each member of the client that is missing, or differs.</param>
    public static ushort[] Compare(RpcDescription wanted, RpcDescription offered, out IReadOnlyList<string> differences)
    {
        Dictionary<string, int> byName = [];
        for (int i = 0; i < offered.Members.Count; i++)
        {
            byName.TryAdd(offered.Members[i].Name, i);
        }

        List<string> found = [];
        ushort[] numbers = new ushort[wanted.Members.Count];
        for (int i = 0; i < numbers.Length; i++)
        {
            RpcMember member = wanted.Members[i];
            numbers[i] = Missing;
            if (!byName.TryGetValue(member.Name, out int number))
            {
                found.Add($"{member.Name} is missing at the server");
            }
            else if (!member.Understands(offered.Members[number]))
            {
                RpcMember other = offered.Members[number];
                found.Add($"{member.Name} differs: the client has {Text(member, other)}, the server {Text(other, member)}");
            }
            else
            {
                numbers[i] = (ushort)number;
            }
        }

        differences = found;
        return numbers;
    }

    // Where two types have one name, their insides differ.
    private static string Text(RpcMember one, RpcMember other) =>
        one.Declaration == other.Declaration ? $"'{one.Declaration}' with {one.Shape}" : $"'{one.Declaration}'";
}

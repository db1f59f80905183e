using Fairlead.NamedHandles.Peer.Roles;
using Programs;

return args switch
{
    [var role, ..] when role.StartsWith("map-", StringComparison.Ordinal) => MapRoles.Run(args),
    [var role, ..] when role.StartsWith("pipe-", StringComparison.Ordinal) => await PipeRoles.RunAsync(args).ConfigureAwait(false),
    [var name, .. var rest] when RoleList.Find(name) is { } role => role(rest),
    [var name, .. var rest] when ProgramList.Find(name) is { } program => program(rest),
    _ => throw new ArgumentException($"There is no role '{string.Join(' ', args)}'."),
};

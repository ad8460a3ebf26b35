"""A humanoid of lines, whose trunk is the root and whose arms end at the elbow."""

_LIMIT = '<limit lower="-2" upper="2" velocity="10" effort="50"/>'
_MASS = '<inertial><mass value="1"/><inertia ixx=".01" iyy=".01" izz=".01" ixy="0" ixz="0" iyz="0"/></inertial>'  # noqa: E501


def stick_figure() -> str:
    """A URDF without any shape: trunk, waist, two legs of six joints, two arms of four."""
    links, joints = ['trunk'], []

    def add(name: str, parent: str, place: str, axis: str, limit: str = _LIMIT) -> str:
        links.append(name)
        joints.append(
            f'<joint name="{name}_joint" type="revolute"><parent link="{parent}"/>'
            f'<child link="{name}"/><origin xyz="{place}"/><axis xyz="{axis}"/>{limit}</joint>'
        )
        return name

    waist = add('waist', 'trunk', '0 0 -0.2', '0 0 1')
    for side, y in (('left', 0.1), ('right', -0.1)):
        link = add(f'{side}_a', waist, f'0 {y} 0', '0 0 1')
        link = add(f'{side}_b', link, '0 0 0', '1 0 0')
        link = add(f'{side}_c', link, '0 0 0', '0 1 0')
        link = add(f'{side}_d', link, '0 0 -0.4', '0 1 0')
        link = add(f'{side}_e', link, '0 0 -0.4', '0 1 0')
        add(f'{side}_f', link, '0 0 0', '1 0 0')
        link = add(f'{side}_u', 'trunk', f'0 {2 * y} 0.3', '0 1 0')
        link = add(f'{side}_v', link, '0 0 0', '1 0 0')
        link = add(f'{side}_w', link, '0 0 -0.1', '0 0 1')
        elbow = '<limit lower="-2" upper="0" velocity="10" effort="50"/>'
        link = add(f'{side}_x', link, '0 0 -0.15', '0 1 0', elbow)
        links.append(f'{side}_end')
        joints.append(
            f'<joint name="{side}_weld" type="fixed"><parent link="{link}"/>'
            f'<child link="{side}_end"/><origin xyz="0 0 -0.3"/></joint>'
        )
    bodies = ''.join(f'<link name="{link}">{_MASS}</link>' for link in links)
    return f'<robot name="stick">{bodies}{"".join(joints)}</robot>'
